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
  // What is given once has come whole before the page tells that it was given.
  const take = async form => {
    const body = new URLSearchParams(new FormData(form));
    const reply = await fetch(form.action, { method: 'post', body, redirect: 'manual' });
    const named = /filename\*=UTF-8''(.*)/.exec(reply.headers.get('content-disposition') ?? '');
    if (named) {
      const link = document.createElement('a');
      link.href = URL.createObjectURL(await reply.blob());
      link.download = decodeURIComponent(named[1]);
      link.click();
    }
    // The page stays, and the file with it until it is saved.
    const page = await (await fetch(location.href)).text();
    const now = new DOMParser().parseFromString(page, 'text/html').querySelector('main');
    document.querySelector('main').replaceWith(now);
  };
  for (const form of document.querySelectorAll('form.once')) {
    form.addEventListener('submit', event => {
      event.preventDefault();
      form.querySelector('button').disabled = true;
      take(form).catch(() => location.reload());
    });
  }
  const watch = document.getElementById('watch');
  if (watch) {
    const words = document.getElementById('words');
    const said = document.getElementById('said');
    let saidAt = Date.now();
    const bar = document.getElementById('bar');
    const lines = document.getElementById('lines');
    const rows = document.getElementById('rows');
    const events = new EventSource(watch.dataset.events);
    events.onerror = () => fetch(watch.dataset.next).catch(() => {
      events.close();
      words.textContent = watch.dataset.gone;
      said.textContent = watch.dataset.gone;
      for (const button of document.querySelectorAll('#watch button')) {
        button.disabled = true;
      }
    });
    events.onmessage = event => {
      const state = JSON.parse(event.data);
      words.textContent = state.words;
      if (Date.now() - saidAt >= 10000) {
        said.textContent = state.words;
        saidAt = Date.now();
      }
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
