// Letters as outlines in a square of side 1 (x to the right, y up), so that a letter is exactly as tall as its number
// on the screen, in a PNG and in an SVG alike. No font takes part.

/**
 * Commands ["M", x, y], ["L", x, y], ["C", ax, ay, bx, by, x, y] of an arc of an ellipse, angles in degrees. A curve ends
 * at each multiple of 90 degrees, so that the arc touches its box exactly.
 */
function glyphArc(cx, cy, rx, ry, from, to) {
  const way = to > from ? 1 : -1;
  const stops = [from];
  for (let next = (way > 0 ? Math.floor(from / 90) + 1 : Math.ceil(from / 90) - 1) * 90; (to - next) * way > 0; next += 90 * way) stops.push(next);
  stops.push(to);
  const found = [];
  for (let i = 1; i < stops.length; i += 1) {
    const [a, b] = [stops[i - 1], stops[i]].map((degrees) => (degrees * Math.PI) / 180);
    const pull = (4 / 3) * Math.tan((b - a) / 4);
    const [ax, ay, bx, by] = [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b)];
    found.push(["C", cx + rx * (ax - pull * ay), cy + ry * (ay + pull * ax), cx + rx * (bx + pull * by),
      cy + ry * (by - pull * bx), cx + rx * bx, cy + ry * by]);
  }
  return found;
}

const glyphPoint = (cx, cy, rx, ry, degrees) => [
  cx + rx * Math.cos((degrees * Math.PI) / 180), cy + ry * Math.sin((degrees * Math.PI) / 180),
];
const glyphLines = (...points) => points.map(([x, y], i) => [i ? "L" : "M", x, y]);

/** The bow that C and G share: outer edge from the upper end round to `last`, inner edge back; `tail` between them. */
function glyphBow(last, tail) {
  const [outer, inner] = [[0.54, 0.5, 0.54, 0.5], [0.54, 0.5, 0.305, 0.335]];
  const end = tail.length ? [] : [["L", ...glyphPoint(...inner, last)]];
  return [
    ["M", ...glyphPoint(...outer, 34)], ...glyphArc(...outer, 34, last), ...tail, ...end,
    ...glyphArc(...inner, tail.length ? 300 : last, 40), ["Z"],
  ];
}

// Outer edges run against the clock and holes with it, so that the usual rule of filling leaves holes open.
const GLYPHS = {
  A: [
    ...glyphLines([0, 0], [0.235, 0], [0.31, 0.215], [0.69, 0.215], [0.765, 0], [1, 0], [0.625, 1], [0.375, 1]), ["Z"],
    ...glyphLines([0.37, 0.385], [0.5, 0.77], [0.63, 0.385]), ["Z"],
  ],
  C: glyphBow(326, []),
  G: glyphBow(300, [
    ["L", 0.985, 0.115], ["L", 0.985, 0.53], ["L", 0.54, 0.53], ["L", 0.54, 0.375], ["L", 0.76, 0.375],
    ["L", 0.76, 0.245], ["L", ...glyphPoint(0.54, 0.5, 0.305, 0.335, 300)],
  ]),
  T: [...glyphLines([0.385, 0], [0.615, 0], [0.615, 0.83], [1, 0.83], [1, 1], [0, 1], [0, 0.83], [0.385, 0.83]), ["Z"]],
  N: [
    ...glyphLines([0, 0], [0.22, 0], [0.22, 0.66], [0.7, 0], [1, 0], [1, 1], [0.78, 1], [0.78, 0.34], [0.3, 1], [0, 1]),
    ["Z"],
  ],
};

/** Adds a letter to the pen's path: its foot at `foot`, its head at `head`, which is lower where it stands on its head. */
function addGlyph(pen, letter, left, right, foot, head) {
  const x = (share) => left + share * (right - left);
  const y = (share) => foot + share * (head - foot);
  for (const [command, ...at] of GLYPHS[letter]) {
    if (command === "M") pen.moveTo(x(at[0]), y(at[1]));
    else if (command === "L") pen.lineTo(x(at[0]), y(at[1]));
    else if (command === "C") pen.bezierCurveTo(x(at[0]), y(at[1]), x(at[2]), y(at[3]), x(at[4]), y(at[5]));
    else pen.closePath();
  }
}
