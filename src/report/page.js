/* The page under a reader's hands; without it everything can be read all the same.
 * What comes from files enters the document as text alone (textContent, setAttribute of names of our own). */
(() => {
'use strict';

const make = (name, classes, text) => {
  const element = document.createElement(name);
  if (classes) element.className = classes;
  if (text !== undefined) element.textContent = text;
  return element;
};

/* ---- tables: a click on a heading sorts, the next one turns the order, the third restores it */

/* The first text of a cell: small print below it does not count.  NaN where that is no number. */
const cellText = cell => cell && cell.firstChild ? cell.firstChild.textContent.trim() : '';
const cellNumber = text => {
  const found = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?/i.exec(text.replace('\u2212', '-'));
  return found ? Number(found[0]) : NaN;
};
const isEmpty = text => text === '' || text === '\u2013';

const compareCells = (rows, column) => {
  const texts = new Map(rows.map(row => [row, cellText(row.cells[column])]));
  const filled = [...texts.values()].filter(text => !isEmpty(text));
  const numeric = filled.every(text => !Number.isNaN(cellNumber(text)));
  return (a, b, direction) => {
    const x = texts.get(a), y = texts.get(b);
    if (isEmpty(x) || isEmpty(y)) return isEmpty(x) - isEmpty(y); /* last in both orders */
    return direction * (numeric ? cellNumber(x) - cellNumber(y) : x.localeCompare(y, 'en', {numeric: true}));
  };
};

const sortTable = (table, original, heading) => {
  const next = {ascending: 'descending', descending: 'none'}[heading.getAttribute('aria-sort')] || 'ascending';
  const rows = [...original], compare = compareCells(rows, heading.cellIndex);
  if (next !== 'none') rows.sort((a, b) => compare(a, b, next === 'ascending' ? 1 : -1));
  for (const other of table.tHead.rows[0].cells) other.setAttribute('aria-sort', 'none');
  heading.setAttribute('aria-sort', next);
  table.tBodies[0].append(...rows);
};

for (const table of document.querySelectorAll('table')) {
  if (!table.tHead || table.tBodies.length !== 1 || table.tBodies[0].rows.length < 2) continue;
  const original = [...table.tBodies[0].rows];
  for (const heading of table.tHead.rows[0].cells) {
    const button = make('button', 'sort');
    button.type = 'button';
    button.title = 'sort by this column';
    button.append(...heading.childNodes);
    heading.append(button);
    heading.setAttribute('aria-sort', 'none');
    button.addEventListener('click', () => sortTable(table, original, heading));
  }
}

/* ---- an alpha is marked in every figure and table */

let chosen = null;
const choiceListeners = [];
const buttons = [...document.querySelectorAll('[data-choose]')];

const markColumns = () => {
  for (const heading of document.querySelectorAll('thead [data-alpha]'))
    for (const row of heading.closest('table').tBodies[0].rows) {
      const cell = row.cells[heading.cellIndex];
      if (cell) cell.classList.toggle('chosen', heading.dataset.alpha === chosen);
    }
};

const choose = alpha => {
  chosen = alpha;
  document.body.classList.toggle('choosing', alpha !== null);
  for (const element of document.querySelectorAll('main [data-alpha]'))
    element.classList.toggle('chosen', element.dataset.alpha === alpha);
  for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.choose === alpha));
  markColumns();
  for (const listen of choiceListeners) listen(alpha);
  history.replaceState({alpha}, ''); /* a page that reloads itself keeps it */
};

const toggle = alpha => choose(alpha === chosen ? null : alpha);

for (const bar of document.querySelectorAll('.alphas')) bar.hidden = false;
for (const button of buttons) button.addEventListener('click', () => toggle(button.dataset.choose));

/* ---- what a mark is, in a box beside it */

const box = make('div', 'note');
box.hidden = true;
box.setAttribute('role', 'status');
document.body.append(box);

/* A figure for narrower windows has the notes of the wide one, mark by mark. */
for (const plot of document.querySelectorAll('.plot.wide')) {
  const notes = [...plot.querySelectorAll('g > title')];
  for (let next = plot.nextElementSibling; next && next.matches('.medium, .narrow'); next = next.nextElementSibling)
    [...next.querySelectorAll('g[data-note]')].forEach((group, i) => group.prepend(notes[i].cloneNode(true)));
}

/* Browsers would show titles beside the box: their text moves to the group, for readers of the screen, too. */
for (const title of document.querySelectorAll('svg g > title')) {
  title.parentNode.setAttribute('aria-label', title.textContent);
  title.parentNode.setAttribute('role', 'img');
  title.remove();
}

const NEAR = 20; /* pixels from a mark in which it is meant */

/* [[x, y], ...] of a path of M, L and, by steps, l; or of a polygon's points. */
const cornersOf = text => {
  const corners = [];
  let x = 0, y = 0;
  for (const [, step, across, down] of text.matchAll(/([MLl]?)(-?[\d.]+)[ ,]?(-?[\d.]+)/g)) {
    x = (step === 'l' ? x : 0) + Number(across);
    y = (step === 'l' ? y : 0) + Number(down);
    corners.push([x, y]);
  }
  return corners;
};

/* Corners and centres of what a group draws, in units of its figure: [x, y, group]. */
const pointsOf = svg => {
  const points = [];
  for (const group of svg.querySelectorAll('g[aria-label]'))
    for (const shape of group.querySelectorAll('circle, path, polygon, rect')) {
      if (shape.closest('clipPath')) continue;
      if (shape.localName === 'circle')
        points.push([shape.cx.baseVal.value, shape.cy.baseVal.value, group]);
      else if (shape.localName === 'rect')
        points.push([shape.x.baseVal.value + shape.width.baseVal.value / 2,
                     shape.y.baseVal.value + shape.height.baseVal.value / 2, group]);
      else
        for (const [x, y] of cornersOf(shape.getAttribute('d') || shape.getAttribute('points'))) points.push([x, y, group]);
    }
  return points;
};

const pointsCache = new WeakMap();
const nearest = (svg, event) => {
  if (!pointsCache.has(svg)) pointsCache.set(svg, pointsOf(svg));
  const matrix = svg.getScreenCTM();
  if (!matrix) return null;
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
  let best = null, least = NEAR / matrix.a;
  for (const [x, y, group] of pointsCache.get(svg)) {
    const distance = Math.hypot(x - at.x, y - at.y);
    if (distance < least) { least = distance; best = group; }
  }
  return best;
};

let lit = null;
const light = group => {
  if (group === lit) return;
  if (lit) {
    lit.classList.remove('lit');
    lit.ownerSVGElement.classList.remove('lighting');
  }
  lit = group;
  box.hidden = !group;
  if (!group) return;
  group.classList.add('lit');
  group.ownerSVGElement.classList.add('lighting');
  box.textContent = group.getAttribute('aria-label');
};

/* Beside a place of the window that is `high` from its top to its foot. */
const placeBox = (x, y, high = 0) => {
  const room = document.documentElement.clientWidth - box.offsetWidth - 8;
  const above = y - box.offsetHeight - 16;
  box.style.left = Math.max(8, Math.min(x + 14, room)) + 'px';
  box.style.top = (above > 8 ? above : y + high + 20) + 'px';
};

const point = (svg, event) => {
  light(nearest(svg, event));
  if (lit) placeBox(event.clientX, event.clientY);
};

/* ---- the same by keyboard: a figure is one stop of Tab, arrows go from mark to mark, Enter chooses its alpha */

const hasKeyFocus = group => group !== null && group === document.activeElement && group.matches(':focus-visible');

const showFocused = group => {
  light(group);
  const {right, top, height} = group.getBoundingClientRect();
  placeBox(right, top, height);
};

const MOVES = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity};

const walk = svg => {
  const groups = [...svg.querySelectorAll('g[aria-label]')];
  let stop = null;
  const stopAt = group => {
    if (stop) stop.setAttribute('tabindex', '-1');
    stop = group;
    stop.setAttribute('tabindex', '0');
  };
  for (const group of groups) group.setAttribute('tabindex', '-1');
  stopAt(groups[0]);
  svg.setAttribute('role', 'group');
  svg.setAttribute('aria-label', `${groups.length} marks: arrow keys go from one to the next`);
  svg.addEventListener('focusin', event => {
    const group = event.target.closest('g[aria-label]');
    if (!group) return;
    stopAt(group);
    if (hasKeyFocus(group)) showFocused(group);
  });
  svg.addEventListener('focusout', event => { if (lit === event.target) light(null); });
  svg.addEventListener('keydown', event => {
    const at = groups.indexOf(event.target);
    if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key in MOVES) {
      event.preventDefault();
      groups[Math.max(0, Math.min(at + MOVES[event.key], groups.length - 1))].focus();
    } else if ((event.key === 'Enter' || event.key === ' ') && event.target.dataset.alpha) {
      event.preventDefault();
      toggle(event.target.dataset.alpha);
    }
  });
};

/* ---- both ways, in every figure */

for (const svg of document.querySelectorAll('.plot svg')) {
  if (!svg.querySelector('g[aria-label]')) continue;
  svg.addEventListener('pointermove', event => point(svg, event));
  svg.addEventListener('pointerdown', event => point(svg, event));
  svg.addEventListener('pointerleave', event => { if (event.pointerType === 'mouse') light(null); });
  svg.addEventListener('click', event => { /* a tap only shows what the mark is */
    const group = event.pointerType === 'touch' ? null : nearest(svg, event);
    if (group && group.dataset.alpha) toggle(group.dataset.alpha);
  });
  walk(svg);
}
document.addEventListener('pointerdown', event => { if (!event.target.closest('.plot svg')) light(null); });
document.addEventListener('scroll', () => hasKeyFocus(lit) ? showFocused(lit) : light(null), {passive: true});
document.addEventListener('keydown', event => {
  if (event.key !== 'Escape') return;
  if (lit) light(null);
  else choose(null);
});

/* ---- samples of one network after so many steps, beside real images */

const option = (select, value) => select.append(new Option(value, value));
const hasOption = (select, value) => [...select.options].some(each => each.value === value);

const control = (place, name, element) => {
  const label = make('label', '', name + ' ');
  label.append(element);
  place.append(label);
  return element;
};

const view = (place, caption) => {
  const whole = make('div', 'view'), crop = make('div', 'crop');
  crop.setAttribute('role', 'img');
  whole.append(make('span', '', caption), crop);
  place.append(whole);
  return crop;
};

/* Row `row` of a sheet of `rows` rows, in a box as high as one; the share is exact for rows with gaps between them. */
const showRow = (crop, image, row, rows, ratio) => {
  crop.style.aspectRatio = String(ratio);
  crop.style.backgroundImage = `url("${image.href.baseVal}")`;
  crop.style.backgroundPosition = `0 ${rows > 1 ? 100 * row / (rows - 1) : 0}%`;
};

const browse = place => {
  const sheets = [...document.querySelectorAll('g[data-sheet]')].filter(each => each.querySelector('image'));
  const networks = sheets.filter(each => each.dataset.sheet === place.dataset.sheet);
  const real = sheets.find(each => each.dataset.sheet === 'data');
  const steps = place.dataset.steps.split(' ');
  if (!networks.length) return;

  const alpha = control(place, '\u03b1', make('select')), seed = control(place, 'seed', make('select'));
  const step = control(place, 'steps', make('input')), said = make('output');
  Object.assign(step, {type: 'range', min: 0, max: steps.length - 1, value: steps.length - 1});
  step.after(said);
  const drawn = view(place, 'samples'), beside = real && view(place, 'real images');

  const show = () => {
    const sheet = networks.find(each => each.dataset.alpha === alpha.value && each.dataset.seed === seed.value);
    const image = sheet.querySelector('image');
    const height = image.height.baseVal.value / image.width.baseVal.value;
    const ratio = steps.length / (height - (steps.length - 1) * place.dataset.gap);
    said.textContent = steps[step.value];
    step.setAttribute('aria-valuetext', steps[step.value]);
    showRow(drawn, image, Number(step.value), steps.length, ratio);
    drawn.setAttribute('aria-label', `samples, \u03b1 = ${alpha.value}, seed ${seed.value}, ${said.textContent} steps`);
    if (!beside) return;
    showRow(beside, real.querySelector('image'), 0, 2, ratio);
    beside.setAttribute('aria-label', 'real images');
  };
  const seeds = () => {
    const before = seed.value;
    seed.replaceChildren();
    for (const each of networks) if (each.dataset.alpha === alpha.value) option(seed, each.dataset.seed);
    if (hasOption(seed, before)) seed.value = before;
    show();
  };
  for (const each of networks) if (!hasOption(alpha, each.dataset.alpha)) option(alpha, each.dataset.alpha);
  alpha.addEventListener('change', seeds);
  seed.addEventListener('change', show);
  step.addEventListener('input', show);
  choiceListeners.push(value => {
    if (value === null || !hasOption(alpha, value)) return;
    alpha.value = value;
    seeds();
  });
  seeds();
  place.hidden = false;
};

for (const place of document.querySelectorAll('.browser')) browse(place);

const before = history.state && history.state.alpha;
if (buttons.some(button => button.dataset.choose === before)) choose(before);

})();
