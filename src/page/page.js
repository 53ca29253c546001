// The page's only script: dropping a sheet, watching work, and telling what is given once. Everything works without it, by forms.
'use strict';
(() => {
  const drop = document.querySelector('.drop');
  const file = drop && drop.querySelector('input[type=file]');
  if (file) {
    const over = on => event => {
      event.preventDefault();
      drop.classList.toggle('over', on);
    };
    drop.addEventListener('dragover', over(true));
    drop.addEventListener('dragleave', over(false));
    drop.addEventListener('drop', event => {
      over(false)(event);
      if (event.dataTransfer.files.length > 0) {
        file.files = event.dataTransfer.files;
        drop.requestSubmit();
      }
    });
    // A sheet that is dropped beside the field must not replace the page.
    for (const kind of ['dragover', 'drop']) {
      window.addEventListener(kind, event => event.preventDefault());
    }
  }
  // What is given once is told as given.
  for (const form of document.querySelectorAll('form.once')) {
    form.addEventListener('submit', () => setTimeout(() => location.reload(), 1000));
  }
  const watch = document.getElementById('watch');
  if (watch) {
    const words = document.getElementById('words');
    const bar = document.getElementById('bar');
    const lines = document.getElementById('lines');
    const rows = document.getElementById('rows');
    const events = new EventSource(watch.dataset.events);
    events.onmessage = event => {
      const state = JSON.parse(event.data);
      words.textContent = state.words;
      bar.max = Math.max(state.total, 1);
      bar.value = state.done;
      for (const line of state.lines.slice(lines.children.length)) {
        lines.appendChild(document.createElement('li')).textContent = line;
      }
      rows?.replaceChildren(...state.rows.map(row => {
        const item = document.createElement('li');
        item.textContent = row;
        return item;
      }));
      if (state.ended) {
        events.close();
        location.replace(watch.dataset.next);
      }
    };
  }
})();
