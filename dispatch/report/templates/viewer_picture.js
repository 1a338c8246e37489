/* The still picture of the map: ground, roads, calls, sites, stations and names, drawn once for a view.
 *
 * While the map is dragged or a playback runs, only this picture is copied; it is drawn again when the view
 * has come to rest. That keeps large networks smooth without a graphics card. */
(() => {
  "use strict";
  const V = (window.dispatchViewer ??= {});
  const PAPER = "#f5f6f3";
  const LINKS_A_STROKE = 500;
  /** What edges lines that are nearly as light as the paper. */
  const EDGE = "#5f6873";
  /** Places of the buttons (from the left and the top) and of the scale (from the left and the bottom) [px]. */
  const BUTTONS = { width: 52, height: 130 };
  const SCALE = { width: 155, height: 34 };
  const FONT = '"Noto Sans", system-ui, -apple-system, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

  /** A centre on the ground and a scale [px/m], for a frame of so many pixels. */
  class View {
    constructor(x, y, zoom, width, height) {
      Object.assign(this, { x, y, zoom, width, height });
    }

    /** Return where a point of the ground lies in the frame. */
    toFrame(x, y) {
      return [this.width / 2 + (x - this.x) * this.zoom, this.height / 2 - (y - this.y) * this.zoom];
    }

    /** Return the point of the ground that lies there in the frame. */
    toGround(px, py) {
      return [this.x + (px - this.width / 2) / this.zoom, this.y - (py - this.height / 2) / this.zoom];
    }

    /** Return the box of the ground that is seen, with a margin [px]. */
    box(margin = 0) {
      const [left, bottom] = this.toGround(-margin, this.height + margin);
      const [right, top] = this.toGround(this.width + margin, -margin);
      return [left, bottom, right, top];
    }
  }

  /** Draws a land on a canvas. */
  class Painter {
    constructor(land, themes) {
      this.land = land;
      this.themes = themes;
      this.groups = new Map();
    }

    /** Draw all that stands still; ``scene`` says what is to be seen. */
    paint(pen, view, scene) {
      const theme = this.themes.theme(scene.theme, scene.layout);
      pen.fillStyle = PAPER;
      pen.fillRect(0, 0, view.width, view.height);
      pen.lineCap = "round";
      pen.lineJoin = "round";
      if (theme.name === "risk") this.#zones(pen, view, theme);
      if (this.land.roads) this.#roads(pen, view, theme);
      else this.#nodes(pen, view, theme);
      this.names = new Names(pen, view, scene.margin ?? [0, 0]);
      if (scene.calls && this.land.calls) this.#calls(pen, view);
      const sites = scene.sites ? this.#sites(pen, view, scene) : [];
      if (scene.stations) this.#stations(pen, view, scene);
      if (scene.names) {
        for (const [{ title }, x, y] of sites) this.names.write(title, x, y, 11);
        this.#placeNames();
      }
      if (theme.name === "risk") this.#zoneNames();
    }

    /** Links by what they are drawn with: entry of the theme and width; thin ones first. */
    #grouped(theme) {
      if (!this.groups.has(theme.key)) {
        const { roads } = this.land;
        const widths = roads.classes.map(V.roadWidth);
        const groups = new Map();
        for (let link = 0; link < roads.count; link += 1) {
          const [entry, width] = [theme.links[link], widths[roads.classOf[link]]];
          const key = entry * 100 + width;
          if (!groups.has(key)) groups.set(key, { entry, width, links: [] });
          groups.get(key).links.push(link);
        }
        this.groups.set(theme.key, [...groups.values()].sort((a, b) => a.width - b.width || b.entry - a.entry));
      }
      return this.groups.get(theme.key);
    }

    #roads(pen, view, theme) {
      const grow = Math.min(3, Math.max(0.65, 1 + Math.log2(view.zoom / 0.03) * 0.22));
      const isThin = theme.name === "roads" || theme.name === "risk";
      const across = (width) => (isThin ? width : width * 0.8 + 2.2) * grow;
      const groups = this.#grouped(theme);
      if (theme.name === "first_due") {
        pen.strokeStyle = EDGE;
        for (const { entry, width, links } of groups) {
          if (!isLight(theme.entries[entry].colour)) continue;
          pen.lineWidth = across(width) + 1.5;
          this.#stroke(pen, view, links);
        }
      }
      for (const { entry, width, links } of groups) {
        const { colour, dashes = [] } = theme.entries[entry];
        pen.strokeStyle = theme.name === "risk" ? "#7b858f" : colour;
        pen.lineWidth = across(width);
        pen.lineCap = dashes.length ? "butt" : "round";
        pen.setLineDash(dashes);
        this.#stroke(pen, view, links);
      }
      pen.setLineDash([]);
      pen.lineCap = "round";
    }

    /** Draw links in pieces, which is much faster than one long path; those out of sight are left out. */
    #stroke(pen, view, links) {
      const [left, bottom, right, top] = view.box(12);
      const { boxes, first, x, y } = this.land.roads;
      const least = 0.7 / view.zoom;
      let drawn = 0;
      pen.beginPath();
      for (const link of links) {
        const at = link * 4;
        if (boxes[at] > right || boxes[at + 1] > top || boxes[at + 2] < left || boxes[at + 3] < bottom) continue;
        const end = first[link + 1] - 1;
        let [lastX, lastY] = [x[first[link]], y[first[link]]];
        pen.moveTo(...view.toFrame(lastX, lastY));
        for (let i = first[link] + 1; i <= end; i += 1) {
          if (i < end && Math.abs(x[i] - lastX) < least && Math.abs(y[i] - lastY) < least) continue;
          [lastX, lastY] = [x[i], y[i]];
          pen.lineTo(...view.toFrame(lastX, lastY));
        }
        drawn += 1;
        if (drawn % LINKS_A_STROKE === 0) {
          pen.stroke();
          pen.beginPath();
        }
      }
      pen.stroke();
    }

    /** Draw the ground of zones as broad bands around their links or nodes. */
    #zones(pen, view, theme) {
      const band = Math.min(60, Math.max(7, 420 * view.zoom));
      for (let entry = theme.entries.length - 1; entry >= 0; entry -= 1) {
        const colour = tint(theme.entries[entry].colour, 0.45);
        if (!this.land.roads) {
          this.#dots(pen, view, theme, entry, band / 2, colour);
          continue;
        }
        const groups = this.#grouped(theme).filter((group) => group.entry === entry);
        pen.strokeStyle = colour;
        pen.lineWidth = band;
        for (const { links } of groups) this.#stroke(pen, view, links);
      }
    }

    #nodes(pen, view, theme) {
      theme.entries.forEach((entry, i) => this.#dots(pen, view, theme, i, 4.5, entry.colour));
    }

    #dots(pen, view, theme, entry, radius, colour) {
      pen.fillStyle = colour;
      for (let node = 0; node < this.land.nodeX.length; node += 1) {
        if (theme.nodes[node] !== entry && theme.name !== "roads") continue;
        const [x, y] = view.toFrame(this.land.nodeX[node], this.land.nodeY[node]);
        pen.beginPath();
        pen.arc(x, y, radius, 0, 2 * Math.PI);
        pen.fill();
      }
    }

    #calls(pen, view) {
      const { x, y, first } = this.land.calls;
      const [left, bottom, right, top] = view.box(6);
      pen.lineWidth = 0.75;
      pen.strokeStyle = "rgba(20, 28, 38, 0.75)";
      for (let i = 0; i < x.length; i += 1) {
        if (x[i] < left || x[i] > right || y[i] < bottom || y[i] > top) continue;
        const [px, py] = view.toFrame(x[i], y[i]);
        pen.beginPath();
        pen.arc(px, py, 3.2, 0, 2 * Math.PI);
        pen.fillStyle = this.themes.timeColour(first[i]);
        pen.fill();
        pen.stroke();
      }
    }

    /** Draw depots and hospitals; their names come after those of stations. */
    #sites(pen, view, scene) {
      const placed = V.sitesOf(this.land, scene.layout).map((place) => [
        place, ...view.toFrame(...this.land.ground.place(place.at)),
      ]);
      for (const [{ kind }, x, y] of placed) {
        V.symbols.site(pen, x, y, kind, this.themes.colours.sites[kind]);
        this.names.keep(x, y, 9);
      }
      return placed;
    }

    #stations(pen, view, scene) {
      const stations = this.land.layout(scene.layout)?.stations ?? [];
      const placed = stations.map((station) => [station, ...view.toFrame(...this.land.ground.place(station.at))]);
      for (const [station, x, y] of placed) {
        V.symbols.station(pen, x, y, station.change, this.themes.colours.stations[station.change]);
        this.names.keep(x, y, 10);
      }
      if (scene.names) for (const [station, x, y] of placed) this.names.write(station.title, x, y, 12, true);
    }

    #placeNames() {
      for (const { title, at } of this.land.payload.named) {
        const [x, y] = this.names.view.toFrame(...this.land.ground.place(at));
        this.names.write(title, x, y, 11);
      }
    }

    #zoneNames() {
      for (const { name, at } of this.land.payload.zones) {
        const [x, y] = this.names.view.toFrame(...this.land.ground.place(at));
        this.names.write(name, x, y, 13, true);
      }
    }
  }

  /** Names that do not cover each other: who comes first is written, who finds no room is not. */
  class Names {
    /** ``margin``: how much of the picture lies outside the frame on each side [px]. */
    constructor(pen, view, [marginX, marginY]) {
      Object.assign(this, { pen, view, taken: [] });
      const [left, top, right, bottom] = [marginX, marginY, view.width - marginX, view.height - marginY];
      this.seen = [left, top, right, bottom];
      this.taken.push([left, top, left + BUTTONS.width, top + BUTTONS.height]);
      this.taken.push([left, bottom - SCALE.height, left + SCALE.width, bottom]);
      pen.textBaseline = "middle";
    }

    /** Keep a square around a symbol free. */
    keep(x, y, radius) {
      this.taken.push([x - radius, y - radius, x + radius, y + radius]);
    }

    /** Write a name right, left, above or below a point, where there is room. */
    write(text, x, y, size, isStrong = false) {
      if (!text || x < 0 || y < 0 || x > this.view.width || y > this.view.height) return;
      this.pen.font = `${isStrong ? "600 " : ""}${size}px ${FONT}`;
      const width = this.pen.measureText(text).width;
      const half = size * 0.65;
      const boxes = [
        [x + 12 + width / 2, y], [x - 12 - width / 2, y], [x, y - 13 - half], [x, y + 13 + half],
      ].map(([cx, cy]) => [cx - width / 2 - 2, cy - half, cx + width / 2 + 2, cy + half]);
      const isSeen = (box) =>
        box[0] >= this.seen[0] && box[1] >= this.seen[1] && box[2] <= this.seen[2] && box[3] <= this.seen[3];
      for (const box of [...boxes.filter(isSeen), ...boxes.filter((other) => !isSeen(other))]) {
        const isFree = this.taken.every(
          (other) => box[0] >= other[2] || box[2] <= other[0] || box[1] >= other[3] || box[3] <= other[1],
        );
        if (!isFree) continue;
        this.taken.push(box);
        V.symbols.label(this.pen, text, box[0] + 2, box[1] + half);
        return;
      }
    }
  }

  /** Whether a colour is hardly darker than the paper. */
  function isLight(colour) {
    const part = (i) => parseInt(colour.slice(1 + 2 * i, 3 + 2 * i), 16);
    return 0.2126 * part(0) + 0.7152 * part(1) + 0.0722 * part(2) > 150;
  }

  /** Return a colour mixed with paper, as a bright ground for what stands on it. */
  function tint(colour, share) {
    const part = (i) => parseInt(colour.slice(1 + 2 * i, 3 + 2 * i), 16);
    const paper = [245, 246, 243];
    return `rgb(${[0, 1, 2].map((i) => Math.round(part(i) * share + paper[i] * (1 - share))).join(", ")})`;
  }

  /** Return the depots and hospitals of a layout. */
  function sitesOf(land, layout) {
    return land.payload.sites.filter((place) => place.layouts.includes(layout));
  }

  Object.assign(V, { View, Painter, sitesOf, FONT });
})();
