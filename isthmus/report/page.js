'use strict';

const data = JSON.parse(document.getElementById('data').textContent);
const view = {log: false, whole: false, step: null};

// --- numbers ---------------------------------------------------------------------------------------------

// A true minus sign; \u2212 is as wide as a digit.
const minus = text => text.replace('-', '\u2212');
const extreme = value => value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5);
const figure = value => minus(extreme(value) ? value.toExponential(3) : value.toPrecision(5));

// The labels of an axis, all with the decimals that one of them needs.
function labels(values) {
  if (values.some(extreme)) return values.map(value => minus(value === 0 ? '0' : value.toExponential()));
  const decimals = Math.max(...values.map(value => (String(value).split('.')[1] || '').length));
  return values.map(value => minus(value.toFixed(decimals)));
}

function ticks(least, greatest, wanted) {
  const rough = (greatest - least) / Math.max(wanted, 2);
  const power = 10 ** Math.floor(Math.log10(rough));
  const digit = rough / power;
  const step = power * (digit < Math.SQRT2 ? 1 : digit < 10 ** .5 ? 2 : digit < 50 ** .5 ? 5 : 10);
  const all = [];
  for (let index = Math.ceil(least / step - 1e-9); index <= greatest / step + 1e-9; ++index)
    all.push(+(index * step).toPrecision(12));
  return all;
}

// With a suffix that suits `largest`: one for a whole axis, where its labels are evenly apart.
function steps(value, largest) {
  if (value === 0) return '0';
  if (largest >= 1e6) return +(value / 1e6).toPrecision(4) + 'M';
  if (largest >= 1e4) return +(value / 1e3).toPrecision(4) + 'k';
  return String(value);
}

// The mean of the points around each: no more before it than there are, nor more after it, since a curve is steep where
// it begins and flat where it ends.
function smooth(points) {
  const reach = Math.floor(points.length / 50);
  return points.map(([step], i) => {
    const near = points.slice(Math.max(i - reach, 0), i + Math.min(reach, i) + 1);
    return [step, near.reduce((sum, point) => sum + point[1], 0) / near.length];
  });
}

function nearest(points, step) {
  let best = points[0];
  for (const point of points) if (Math.abs(point[0] - step) < Math.abs(best[0] - step)) best = point;
  return best;
}

// --- charts ----------------------------------------------------------------------------------------------

function svg(parent, name, attributes, text) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

const colour = series => `var(--series-${series.split === 'train' ? 0 : 1})`;

class Chart {
  constructor(parent, name, all, wide) {
    this.all = all;
    this.wide = wide;
    this.figure = document.createElement('figure');
    this.figure.className = 'card chart' + (wide ? ' wide' : '');
    const caption = document.createElement('figcaption');
    const title = document.createElement('h3');
    title.textContent = name;
    this.readout = document.createElement('div');
    this.readout.className = 'readout';
    caption.append(title, this.readout);
    this.figure.append(caption);
    this.sheet = svg(this.figure, 'svg', {role: 'img', tabindex: 0, 'aria-label': this.words(name)});
    parent.append(this.figure);
    this.sheet.addEventListener('pointermove', event => point(this.stepAt(event)));
    this.sheet.addEventListener('pointerleave', () => point(null));
    this.sheet.addEventListener('blur', () => point(null));
    this.sheet.addEventListener('keydown', event => {
      const way = {ArrowLeft: -1, ArrowRight: 1}[event.key];
      if (!way) return;
      event.preventDefault();
      const points = this.all[0].points;
      const here = view.step === null ? points.length - 1 : points.indexOf(nearest(points, view.step));
      point(points[Math.min(Math.max(here + way, 0), points.length - 1)][0]);
    });
  }

  words(name) {
    return name + ' over the steps of the training. ' + this.all.map(({split, points}) => {
      const [first, last] = [points[0], points[points.length - 1]];
      return `${split}: from ${figure(first[1])} at step ${first[0]} to ${figure(last[1])} at step ${last[0]}`;
    }).join('; ') + '.';
  }

  stepAt(event) {
    const box = this.sheet.getBoundingClientRect();
    const share = ((event.clientX - box.left) / box.width * this.width - this.left) / (this.right - this.left);
    const {least, greatest} = this.x;
    return view.log ? least * (greatest / least) ** share : least + share * (greatest - least);
  }

  ranges() {
    const every = this.all.flatMap(series => series.points);
    const last = Math.max(...every.map(point => point[0]));
    const settled = every.filter(point => point[0] >= last / 20);
    const values = (view.whole || settled.length < 3 ? every : settled).map(point => point[1]);
    let [least, greatest] = [Math.min(...values), Math.max(...values)];
    const pad = greatest > least ? (greatest - least) * .06 : Math.abs(least) * .1 || 1;
    this.y = {least: least - pad, greatest: greatest + pad};
    const first = Math.max(1, Math.min(...every.map(point => point[0])));
    this.x = {least: view.log ? first : 0, greatest: Math.max(last, first + 1)};
  }

  place([step, value]) {
    const {least, greatest} = this.x;
    const across = view.log ? Math.log(Math.max(step, least) / least) / Math.log(greatest / least)
                            : (step - least) / (greatest - least);
    const up = (value - this.y.least) / (this.y.greatest - this.y.least);
    return [this.left + across * (this.right - this.left), this.bottom - up * (this.bottom - this.top)];
  }

  axes() {
    const rows = ticks(this.y.least, this.y.greatest, (this.bottom - this.top) / 48);
    const words = labels(rows);
    this.left = 16 + 6.6 * Math.max(...words.map(word => word.length));
    for (const [i, value] of rows.entries()) {
      const y = this.place([1, value])[1];
      svg(this.sheet, 'line', {x1: this.left, x2: this.right, y1: y, y2: y, class: 'grid'});
      svg(this.sheet, 'text', {x: this.left - 8, y: y + 4, 'text-anchor': 'end'}, words[i]);
    }
    let columns = ticks(this.x.least, this.x.greatest, (this.right - this.left) / 90);
    if (view.log) {
      columns = [];
      for (let power = 10 ** Math.ceil(Math.log10(this.x.least) - 1e-9); power <= this.x.greatest; power *= 10)
        columns.push(power);
      if (columns.length < 2) columns = [this.x.least, this.x.greatest];
    }
    for (const value of columns) {
      const x = this.place([value, 0])[0];
      svg(this.sheet, 'line', {x1: x, x2: x, y1: this.top, y2: this.bottom, class: 'grid'});
      const anchor = x > this.right - 14 ? 'end' : 'middle';
      svg(this.sheet, 'text', {x: anchor === 'end' ? this.right + 8 : x, y: this.bottom + 18, 'text-anchor': anchor},
          steps(value, view.log ? value : this.x.greatest));
    }
    svg(this.sheet, 'line', {x1: this.left, x2: this.right, y1: this.bottom, y2: this.bottom, class: 'axis'});
  }

  line(group, points, attributes) {
    const path = points.map((point, i) => (i ? 'L' : 'M') + this.place(point).map(v => v.toFixed(1)).join(' '));
    svg(group, 'path', {d: path.join(''), ...attributes});
  }

  draw() {
    this.width = Math.max(this.figure.clientWidth - 32, 240);
    this.height = this.wide ? 300 : 230;
    Object.assign(this, {top: 8, right: this.width - 10, bottom: this.height - 28});
    this.sheet.setAttribute('viewBox', `0 0 ${this.width} ${this.height}`);
    this.sheet.replaceChildren();
    this.ranges();
    this.axes();
    const id = 'clip-' + charts.indexOf(this);
    const clip = svg(this.sheet, 'clipPath', {id});
    svg(clip, 'rect', {x: this.left - 4, y: this.top, width: this.right - this.left + 8,
                       height: this.bottom - this.top});
    const group = svg(this.sheet, 'g', {'clip-path': `url(#${id})`});
    for (const series of this.all) {
      const stroke = colour(series);
      const noisy = series.points.length >= 100;
      if (noisy) this.line(group, series.points, {stroke, 'stroke-width': 1, opacity: .35});
      this.line(group, noisy ? smooth(series.points) : series.points, {stroke, 'stroke-width': 2});
      if (series.points.length === 1 || (series.split !== 'train' && series.points.length * 10 < this.right - this.left))
        for (const one of series.points) {
          const [cx, cy] = this.place(one);
          svg(group, 'circle', {cx, cy, r: 2.8, fill: stroke, stroke: 'var(--card)', 'stroke-width': 1.2});
        }
    }
    this.cursor = svg(group, 'g', {});
    this.mark();
  }

  mark() {
    this.cursor.replaceChildren();
    this.readout.replaceChildren();
    const at = view.step === null ? this.x.greatest : view.step;
    const found = this.all.map(series => nearest(series.points, at));
    const step = document.createElement('span');
    step.textContent = 'step ' + nearest(found, at)[0].toLocaleString('en');
    this.readout.append(step);
    this.all.forEach((series, i) => {
      const entry = document.createElement('span');
      const key = document.createElement('i');
      key.style.background = colour(series);
      const value = document.createElement('b');
      value.textContent = figure(found[i][1]);
      entry.append(key, series.split + ' ', value);
      this.readout.append(entry);
    });
    if (view.step === null) return;
    const x = this.place([nearest(found, at)[0], 0])[0];
    svg(this.cursor, 'line', {x1: x, x2: x, y1: this.top, y2: this.bottom, class: 'cursor'});
    this.all.forEach((series, i) => {
      const [cx, cy] = this.place(found[i]);
      svg(this.cursor, 'circle', {cx, cy, r: 4, fill: colour(series), stroke: 'var(--card)', 'stroke-width': 2});
    });
  }
}

const charts = [];
const room = document.getElementById('charts');
if (room) {
  const names = [...new Set(data.curves.map(series => series.name))];
  names.forEach((name, i) => charts.push(new Chart(room, name, data.curves.filter(series => series.name === name),
                                                   i === 0 && names.length % 2 === 1)));
  charts.forEach(chart => chart.draw());
  let width = room.clientWidth;
  new ResizeObserver(() => {
    if (room.clientWidth === width) return;
    width = room.clientWidth;
    charts.forEach(chart => chart.draw());
  }).observe(room);
}

function point(step) {
  view.step = step;
  charts.forEach(chart => chart.mark());
}

for (const button of document.querySelectorAll('.switch button'))
  button.addEventListener('click', () => {
    const {key, value} = button.dataset;
    view[key] = value === 'true';
    for (const other of button.parentElement.querySelectorAll('button'))
      other.setAttribute('aria-pressed', String(other === button));
    charts.forEach(chart => chart.draw());
  });

// --- pictures, the command, printing ---------------------------------------------------------------------

const zoom = document.getElementById('zoom');
for (const button of document.querySelectorAll('.picture button'))
  button.addEventListener('click', () => {
    const small = button.querySelector('img');
    const large = zoom.querySelector('img');
    large.src = small.src;
    large.alt = small.alt;
    const save = zoom.querySelector('a');
    save.href = small.src;
    save.download = button.dataset.name + '.png';
    zoom.showModal();
  });
zoom.addEventListener('click', event => { if (event.target === zoom) zoom.close(); });

for (const button of document.querySelectorAll('.command .button')) {
  if (!navigator.clipboard) { button.remove(); continue; }
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(button.parentElement.querySelector('code').textContent);
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
  });
}

// What is folded away on the screen is printed.
addEventListener('beforeprint', () => { for (const part of document.querySelectorAll('details')) part.open = true; });
