/* What the map is drawn from: base64, deflate, JSON and differences, unpacked into plain arrays.
 *
 * Lengths are metres east and north of the payload's origin ("ground" coordinates); only positions that are
 * told to people or tests go back to the network's own coordinates. The scripts share window.dispatchViewer
 * and use each other only when they run, so that their order in the page does not matter. */
(() => {
  "use strict";
  const V = (window.dispatchViewer ??= {});
  const METRES_PER_DEGREE = 111195.08;

  /** Return the JSON that is packed in a text. */
  async function unpack(text) {
    const bytes = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }

  /** Return values from the differences between them, each times a factor. */
  function sums(differences, factor = 1) {
    const values = new Float64Array(differences.length);
    let sum = 0;
    for (let i = 0; i < differences.length; i += 1) {
      sum += differences[i];
      values[i] = sum * factor;
    }
    return values;
  }

  /** How steps of the payload, metres on the ground and the network's coordinates belong together. */
  class Ground {
    constructor(payload) {
      const { origin, scale, box, geographic } = payload;
      this.origin = origin;
      this.scale = scale;
      this.geographic = geographic;
      const middle = origin[1] + ((box[1] + box[3]) / 2) * scale;
      const shrink = geographic ? Math.max(Math.cos((middle * Math.PI) / 180), 0.01) : 1;
      this.ky = geographic ? scale * METRES_PER_DEGREE : scale;
      this.kx = this.ky * shrink;
      this.box = [box[0] * this.kx, box[1] * this.ky, box[2] * this.kx, box[3] * this.ky];
    }

    /** Return the ground coordinates of a point in steps. */
    place([x, y]) {
      return [x * this.kx, y * this.ky];
    }

    /** Return the network's coordinates of a point on the ground. */
    coordinates(x, y) {
      return [this.origin[0] + (x / this.kx) * this.scale, this.origin[1] + (y / this.ky) * this.scale];
    }
  }

  /** The links, with their points one after the other and a box around each. */
  class Roads {
    constructor(packed, ground) {
      this.classes = packed.classes;
      this.classOf = Uint16Array.from(packed.class_of);
      this.tail = Int32Array.from(packed.tail);
      this.head = Int32Array.from(packed.head);
      this.x = sums(packed.dx, ground.kx);
      this.y = sums(packed.dy, ground.ky);
      this.count = packed.points.length;
      this.first = new Uint32Array(this.count + 1);
      this.boxes = new Float64Array(this.count * 4);
      for (let link = 0; link < this.count; link += 1) {
        this.first[link + 1] = this.first[link] + packed.points[link];
        this.#measure(link);
      }
    }

    #measure(link) {
      const box = [Infinity, Infinity, -Infinity, -Infinity];
      for (let i = this.first[link]; i < this.first[link + 1]; i += 1) {
        box[0] = Math.min(box[0], this.x[i]);
        box[1] = Math.min(box[1], this.y[i]);
        box[2] = Math.max(box[2], this.x[i]);
        box[3] = Math.max(box[3], this.y[i]);
      }
      this.boxes.set(box, link * 4);
    }
  }

  /** A payload, unpacked. */
  class Land {
    constructor(payload) {
      this.payload = payload;
      this.ground = new Ground(payload);
      this.roads = payload.roads ? new Roads(payload.roads, this.ground) : null;
      this.nodeX = sums(payload.node_dx, this.ground.kx);
      this.nodeY = sums(payload.node_dy, this.ground.ky);
      this.zoneOf = Int32Array.from(payload.zone_of);
      this.calls = payload.calls && {
        ...payload.calls,
        x: sums(payload.calls.dx, this.ground.kx),
        y: sums(payload.calls.dy, this.ground.ky),
      };
    }

    /** Return a layout by its id, or nothing. */
    layout(id) {
      return this.payload.layouts.find((layout) => layout.id === id);
    }

    /** Return the box around everything, never without extent. */
    get box() {
      const [left, bottom, right, top] = this.ground.box;
      const least = 500;
      const growX = Math.max(0, least - (right - left)) / 2;
      const growY = Math.max(0, least - (top - bottom)) / 2;
      return [left - growX, bottom - growY, right + growX, top + growY];
    }
  }

  Object.assign(V, { unpack, sums, Ground, Roads, Land });
})();
