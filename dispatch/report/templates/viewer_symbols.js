/* Symbols of the map: told apart by shape and letter, so that nobody needs their colours. */
(() => {
  "use strict";
  const V = (window.dispatchViewer ??= {});
  const INK = "#16202b";
  const PAPER = "#ffffff";

  /** Shape of each status; what is not listed stands still and is drawn as a ring. */
  const SHAPES = {
    "turning out": "ring",
    "en route": "arrow",
    staged: "diamond",
    "on scene": "square",
    transporting: "cross",
    returning: "hollow arrow",
    restoring: "ring",
    "moving up": "arrow",
    "moved up": "hollow diamond",
    "driving to load": "hollow arrow",
    loading: "hollow square",
    unloading: "square",
    "waiting for a way": "hollow diamond",
  };
  const AT_HOME = new Set(["in quarters", "off duty", "out of service", "at depot"]);

  /** Return whether a status is told at the station alone. */
  function isAtHome(status) {
    return AT_HOME.has(status);
  }

  /** Trace a polygon through points around a centre, turned by a heading. */
  function polygon(pen, x, y, points, heading = 0) {
    const [cos, sin] = [Math.cos(heading), -Math.sin(heading)];
    pen.beginPath();
    for (const [px, py] of points) pen.lineTo(x + px * cos - py * sin, y + px * sin + py * cos);
    pen.closePath();
  }

  function star(points, outer, inner) {
    return Array.from({ length: points * 2 }, (_, i) => {
      const angle = (Math.PI * i) / points - Math.PI / 2;
      const radius = i % 2 ? inner : outer;
      return [radius * Math.cos(angle), radius * Math.sin(angle)];
    });
  }

  function square(r) {
    return [[-r, -r], [r, -r], [r, r], [-r, r]];
  }

  function cross(r, w) {
    return [
      [-w, -r], [w, -r], [w, -w], [r, -w], [r, w], [w, w],
      [w, r], [-w, r], [-w, w], [-r, w], [-r, -w], [-w, -w],
    ];
  }

  const STATION_POINTS = {
    "": square(6),
    added: star(5, 10, 4.6),
    moved: [[0, -9.5], [9.5, 0], [0, 9.5], [-9.5, 0]],
    changed: [[0, -8.5], [8.5, 6.5], [-8.5, 6.5]],
  };

  /** Draw a station: a square, or a shape that tells what became of it. */
  function station(pen, x, y, change, colour) {
    pen.lineWidth = 1.75;
    pen.strokeStyle = PAPER;
    if (change === "closed") {
      polygon(pen, x, y, cross(8.5, 2.6), Math.PI / 4);
    } else {
      polygon(pen, x, y, STATION_POINTS[change] ?? STATION_POINTS[""]);
    }
    pen.fillStyle = colour;
    pen.fill();
    pen.stroke();
  }

  /** Draw a depot or hospital: its letter in a plate. */
  function site(pen, x, y, kind, colour) {
    pen.beginPath();
    pen.roundRect(x - 7, y - 7, 14, 14, kind === "hospital" ? 7 : 2);
    pen.fillStyle = PAPER;
    pen.fill();
    pen.lineWidth = 1.75;
    pen.strokeStyle = colour;
    pen.stroke();
    pen.fillStyle = colour;
    if (kind === "hospital") {
      polygon(pen, x, y, cross(4.4, 1.4));
      pen.fill();
    } else {
      pen.fillRect(x - 3.5, y - 0.5, 7, 4);
      polygon(pen, x, y, [[-5, -0.5], [0, -4.5], [5, -0.5]]);
      pen.fill();
    }
  }

  const MOVER_POINTS = {
    arrow: [[9, 0], [-6.5, 6.5], [-3, 0], [-6.5, -6.5]],
    diamond: [[0, -8], [8, 0], [0, 8], [-8, 0]],
    square: square(5.8),
    cross: cross(8, 3),
  };

  /** Draw a unit (or truck, with a bed behind it) by what it is doing. */
  function mover(pen, x, y, { status, heading = 0, isTruck = false, colour, isChosen = false }) {
    const shape = SHAPES[status] ?? "ring";
    const isHollow = shape === "ring" || shape.startsWith("hollow");
    const points = MOVER_POINTS[shape.replace("hollow ", "")];
    const turn = shape.endsWith("arrow") ? (heading ?? 0) : 0;
    if (isChosen) ring(pen, x, y, 14, INK, 2);
    if (isTruck) {
      pen.beginPath();
      pen.roundRect(x - 11, y - 8, 22, 16, 3);
      pen.fillStyle = "#f4e9d8";
      pen.strokeStyle = INK;
      pen.lineWidth = 1;
      pen.fill();
      pen.stroke();
    }
    if (points) {
      polygon(pen, x, y, points, turn);
    } else {
      pen.beginPath();
      pen.arc(x, y, 5.5, 0, 2 * Math.PI);
    }
    pen.lineJoin = "round";
    pen.lineWidth = isHollow ? 5 : 3.5;
    pen.strokeStyle = isHollow ? INK : PAPER;
    pen.stroke();
    pen.fillStyle = isHollow ? PAPER : colour;
    pen.lineWidth = isHollow ? 2.5 : 1;
    pen.strokeStyle = isHollow ? colour : INK;
    pen.stroke();
    pen.fill();
  }

  function ring(pen, x, y, radius, colour, width, dashes = []) {
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.setLineDash(dashes);
    pen.lineWidth = width + 2.5;
    pen.strokeStyle = "rgba(255, 255, 255, 0.8)";
    pen.stroke();
    pen.lineWidth = width;
    pen.strokeStyle = colour;
    pen.stroke();
    pen.setLineDash([]);
  }

  /** Draw an open call: dashed while nobody is on the way, whole when somebody is there. */
  function call(pen, x, y, progress, phase, colour) {
    const isNew = progress === "handled" || progress === "waiting";
    if (progress !== "attended" && phase >= 0) {
      pen.globalAlpha = 0.7 * (1 - phase);
      ring(pen, x, y, 10 + 14 * phase, colour, 2);
      pen.globalAlpha = 1;
    }
    ring(pen, x, y, 10, colour, progress === "attended" ? 3 : 2.25, isNew ? [4, 3] : []);
    pen.beginPath();
    pen.arc(x, y, 2.5, 0, 2 * Math.PI);
    pen.fillStyle = colour;
    pen.fill();
  }

  /** Write a name with a light rim, so that it can be read on roads. */
  function label(pen, text, x, y, colour = INK) {
    pen.lineJoin = "round";
    pen.lineWidth = 3.5;
    pen.strokeStyle = "rgba(255, 255, 255, 0.9)";
    pen.strokeText(text, x, y);
    pen.fillStyle = colour;
    pen.fillText(text, x, y);
  }

  /** Signs of the buttons, drawn because not every computer has them as letters. */
  const SIGNS = {
    play: [[[-4, -6], [6, 0], [-4, 6]]],
    pause: [[[-5, -6], [-1.5, -6], [-1.5, 6], [-5, 6]], [[1.5, -6], [5, -6], [5, 6], [1.5, 6]]],
    next: [[[-6, -5.5], [2, 0], [-6, 5.5]], [[3, -5.5], [5.5, -5.5], [5.5, 5.5], [3, 5.5]]],
    previous: [[[6, -5.5], [-2, 0], [6, 5.5]], [[-3, -5.5], [-5.5, -5.5], [-5.5, 5.5], [-3, 5.5]]],
  };

  /** Return the sign of a button. */
  function sign(name, colour = INK) {
    return icon((pen, x, y) => {
      pen.fillStyle = colour;
      for (const points of SIGNS[name]) {
        polygon(pen, x, y, points);
        pen.fill();
      }
    }, 16);
  }

  /** Return a small picture of a symbol, for legends and tables; it stands beside words. */
  function icon(draw, size = 22) {
    const ratio = 2;
    const canvas = V.make("canvas", { width: size * ratio, height: size * ratio, className: "viewer-icon" });
    canvas.setAttribute("aria-hidden", "true");
    canvas.style.width = canvas.style.height = `${size}px`;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    draw(pen, size / 2, size / 2);
    return canvas;
  }

  V.symbols = { isAtHome, station, site, mover, call, ring, label, icon, sign, INK, PAPER };
})();
