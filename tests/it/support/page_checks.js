// What is wrong with a page and needs no eye: names of fields, order of headings, landmarks, contrast, sizes, overflow.
(() => {
  const wrong = [];
  const all = selector => [...document.querySelectorAll(selector)];
  const shown = it => it.checkVisibility({ checkVisibilityCSS: true }) && it.getClientRects().length > 0;
  const short = it => it.outerHTML.slice(0, 160);
  if (!document.documentElement.lang) wrong.push('no language');
  if (!document.title) wrong.push('no title');
  if (all('main').length !== 1) wrong.push('not one main');
  if (all('h1').length !== 1) wrong.push('not one h1');
  all('nav').filter(it => !it.getAttribute('aria-label')).forEach(it => wrong.push('a nav without a name: ' + short(it)));
  let level = 0;
  for (const heading of all('h1,h2,h3,h4').filter(shown)) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) wrong.push('a heading is left out before ' + short(heading));
    level = own;
  }
  const ids = all('[id]').map(it => it.id);
  ids.filter((id, at) => ids.indexOf(id) !== at).forEach(id => wrong.push('an id twice: ' + id));
  for (const field of all('input:not([type=hidden]),select,textarea')) {
    const name = field.getAttribute('aria-label') || [...field.labels].map(it => it.textContent).join('');
    if (!name.trim()) wrong.push('a field without a name: ' + short(field));
  }
  for (const button of all('button,a[href],summary')) {
    const name = button.getAttribute('aria-label') || button.textContent;
    if (shown(button) && !name.trim()) wrong.push('a button without a name: ' + short(button));
  }
  for (const table of all('table')) {
    if (!table.querySelector('th')) wrong.push('a table without headings: ' + short(table));
  }
  // A cell stands below its heading, however narrow the window is.
  for (const row of all('main table tr')) {
    const left = it => Math.round(it.getBoundingClientRect().left);
    const headings = row.closest('table').rows[0].cells;
    const isMoved = (cell, at) => Math.abs(left(cell) - left(headings[at])) > 1;
    if (row.cells.length === headings.length && [...row.cells].some(isMoved)) wrong.push('cells beside their headings: ' + short(row));
  }
  // WCAG 2.2, 2.5.8: what is pressed has 24 by 24 pixels, but for links within a text.
  for (const button of all('button,select,input:not([type=hidden]),textarea,summary')) {
    const label = button.closest('label');
    const box = (label ?? button).getBoundingClientRect();
    if (shown(button) && (box.width < 24 || box.height < 24)) wrong.push('too small to press: ' + short(button));
  }
  const parts = text => (text.match(/[\d.]+/g) ?? []).map(Number);
  const channel = value => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = it => {
    for (let above = it; above; above = above.parentElement) {
      const colour = parts(getComputedStyle(above).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18] : [255, 255, 255];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const it = text.parentElement;
    if (!text.data.trim() || !shown(it) || it.closest('script,style,noscript,:disabled')) continue;
    const style = getComputedStyle(it);
    const [one, other] = [light(parts(style.color)), light(ground(it))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (contrast < (isLarge ? 3 : 4.5)) wrong.push('contrast ' + contrast.toFixed(2) + ': ' + text.data.trim().slice(0, 60));
  }
  const over = document.documentElement.scrollWidth - innerWidth;
  if (over > 0) wrong.push('wider than the window by ' + over);
  return [...new Set(wrong)];
})()
