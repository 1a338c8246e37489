/* The frame of the map: a canvas that is dragged, zoomed and asked about by mouse, touch and keyboard. */
(() => {
  "use strict";
  const V = (window.dispatchViewer ??= {});
  const t = (message, values) => V.t(message, values);
  const MARGIN = 0.3;
  const REST = 140;
  const MOST_ZOOM = 5;
  const PAN = 80;
  const STEP = 1.5;

  class MapFrame {
    /** ``owner`` paints and answers: scene(), overlay(pen, view), pick(x, y, reach), chosen(found). */
    constructor(land, painter, owner) {
      Object.assign(this, { land, painter, owner, view: null, picture: null, pointers: new Map(), sharpness: 1 });
      this.canvas = V.make("canvas", { className: "viewer-canvas" });
      this.canvas.setAttribute("role", "img");
      this.element = V.make("div", { className: "viewer-frame", tabIndex: 0 }, this.canvas);
      this.element.setAttribute("role", "group");
      this.controls = V.make("div", { className: "viewer-zoom" });
      this.scale = V.make("div", { className: "viewer-scale" });
      this.tip = V.make("div", { className: "viewer-tip", hidden: true });
      this.hint = V.make("div", { className: "viewer-hint", hidden: true });
      this.element.append(this.controls, this.scale, this.tip, this.hint);
      this.#listen();
      new ResizeObserver(() => this.resize()).observe(this.element);
    }

    /** Write all labels in the language of the day. */
    label() {
      const button = (sign, name, act) =>
        V.make("button", { type: "button", title: name, onclick: act, "aria-label": name }, sign);
      this.controls.replaceChildren(
        button("+", t("Zoom in"), () => this.zoomBy(STEP)),
        button("−", t("Zoom out"), () => this.zoomBy(1 / STEP)),
        button("⤢", t("Show everything"), () => this.fit()),
      );
      this.element.setAttribute("aria-label", t("Map. Arrow keys move it, + and − zoom, 0 shows everything."));
      V.setText(this.hint, t("Click the map first, or hold Ctrl, to zoom with the wheel."));
      this.stale();
    }

    /** Show the whole land. */
    fit() {
      const [width, height] = this.#size();
      const [left, bottom, right, top] = this.land.box;
      const zoom = Math.min((width - 48) / (right - left), (height - 48) / (top - bottom));
      this.whole = Math.max(zoom, 1e-6);
      this.view = new V.View((left + right) / 2, (bottom + top) / 2, this.whole, width, height);
      this.request();
    }

    /** Zoom by a factor; the point under the pointer stays where it is. */
    zoomBy(factor, px = this.view.width / 2, py = this.view.height / 2) {
      const [x, y] = this.view.toGround(px, py);
      const zoom = Math.min(Math.max(this.view.zoom * factor, this.whole / 2), Math.max(MOST_ZOOM, this.whole));
      const [width, height] = [this.view.width, this.view.height];
      const middle = [x - (px - width / 2) / zoom, y + (py - height / 2) / zoom];
      this.view = new V.View(...middle, zoom, width, height);
      this.request();
    }

    /** Move the picture by pixels; the middle never leaves the land. */
    panBy(dx, dy) {
      const [left, bottom, right, top] = this.land.box;
      const x = Math.min(Math.max(this.view.x - dx / this.view.zoom, left), right);
      const y = Math.min(Math.max(this.view.y + dy / this.view.zoom, bottom), top);
      this.view = new V.View(x, y, this.view.zoom, this.view.width, this.view.height);
      this.request();
    }

    /** Bring a point of the ground to the middle, near enough to see what is around it. */
    goTo(x, y) {
      const zoom = Math.max(this.view.zoom, Math.min(this.whole * 4, MOST_ZOOM));
      this.view = new V.View(x, y, zoom, this.view.width, this.view.height);
      this.request();
    }

    #size() {
      return [Math.max(1, this.element.clientWidth), Math.max(1, this.element.clientHeight)];
    }

    /** Take up the size of the frame; nothing is drawn while it is not shown. */
    resize() {
      if (!this.element.clientWidth || !this.element.isConnected) return;
      const [width, height] = this.#size();
      const ratio = Math.min(3, Math.max(window.devicePixelRatio || 1, this.sharpness));
      const isSame = this.view?.width === width && this.view?.height === height && this.ratio === ratio;
      if (isSame) return;
      this.ratio = ratio;
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
      const old = this.view;
      this.fit();
      if (old) {
        const zoom = Math.max(old.zoom * Math.min(width / old.width, height / old.height), this.whole / 2);
        this.view = new V.View(old.x, old.y, zoom, width, height);
      }
      this.stale();
      this.draw();
    }

    /** Draw as sharp as paper can show it, or as the screen can. */
    sharpen(ratio) {
      this.sharpness = ratio;
      this.resize();
    }

    /** Have the still picture drawn again. */
    stale() {
      this.picture = null;
      this.request();
    }

    /** Draw at the next frame of the screen. */
    request() {
      if (this.picture && this.picture.view.zoom !== this.view.zoom) {
        clearTimeout(this.rest);
        this.rest = setTimeout(() => this.stale(), REST);
      }
      if (this.pending || !this.view) return;
      this.pending = requestAnimationFrame(() => this.draw());
    }

    /** Draw now: copy the still picture and add what moves. */
    draw() {
      if (this.pending) cancelAnimationFrame(this.pending);
      this.pending = 0;
      if (!this.view || !this.element.isConnected) return;
      if (!this.picture || !this.#covers()) this.#paint();
      const pen = this.canvas.getContext("2d");
      pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
      this.#copy(pen);
      this.owner.overlay(pen, this.view);
      this.#measure();
    }

    /** Whether the still picture has all of the view, at its own scale or for the time being at another. */
    #covers() {
      const { view } = this.picture;
      if (view.zoom !== this.view.zoom) return true;
      const [dx, dy] = [Math.abs(view.x - this.view.x), Math.abs(view.y - this.view.y)];
      return (
        dx * view.zoom <= (view.width - this.view.width) / 2 && dy * view.zoom <= (view.height - this.view.height) / 2
      );
    }

    #paint() {
      const { x, y, zoom, width, height } = this.view;
      const view = new V.View(x, y, zoom, Math.ceil(width * (1 + 2 * MARGIN)), Math.ceil(height * (1 + 2 * MARGIN)));
      this.store ??= document.createElement("canvas");
      this.store.width = Math.round(view.width * this.ratio);
      this.store.height = Math.round(view.height * this.ratio);
      const pen = this.store.getContext("2d");
      pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
      const margin = [(view.width - width) / 2, (view.height - height) / 2];
      this.painter.paint(pen, view, { ...this.owner.scene(), margin });
      this.picture = { view };
    }

    #copy(pen) {
      const { view } = this.picture;
      const share = this.view.zoom / view.zoom;
      const [x, y] = this.view.toFrame(view.x, view.y);
      const snap = (value) => Math.round(value * this.ratio) / this.ratio;
      pen.fillStyle = "#e9ebe7";
      if (share < 1) pen.fillRect(0, 0, this.view.width, this.view.height);
      const [width, height] = [view.width * share, view.height * share];
      pen.drawImage(this.store, snap(x - width / 2), snap(y - height / 2), width, height);
    }

    /** Write the scale bar: the longest round length that is not above 130 pixels. */
    #measure() {
      const most = 130 / this.view.zoom;
      const power = 10 ** Math.floor(Math.log10(most));
      const length = [5, 2, 1].map((n) => n * power).find((n) => n <= most) ?? power;
      V.setText(this.scale, V.distance(length));
      this.scale.style.width = `${(length * this.view.zoom * 100) / this.view.width}%`;
    }

    #listen() {
      const { canvas, element } = this;
      canvas.addEventListener("pointerdown", (event) => this.#press(event));
      canvas.addEventListener("pointermove", (event) => this.#move(event));
      for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => this.#release(event));
      canvas.addEventListener("pointerleave", () => this.#tell(null));
      canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
      canvas.addEventListener("dblclick", (event) => this.zoomBy(STEP * STEP, ...this.#at(event)));
      element.addEventListener("keydown", (event) => this.#key(event));
    }

    #at(event) {
      const box = this.canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    }

    #press(event) {
      this.element.focus({ preventScroll: true });
      this.canvas.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, this.#at(event));
      this.travelled = this.pointers.size > 1 ? Infinity : 0;
      this.#tell(null);
    }

    #move(event) {
      if (!this.view) return;
      const [x, y] = this.#at(event);
      if (!this.pointers.has(event.pointerId)) {
        if (event.pointerType === "mouse") this.#tell(this.owner.pick(x, y, 11), x, y);
        return;
      }
      const before = this.#grip();
      this.pointers.set(event.pointerId, [x, y]);
      const after = this.#grip();
      this.travelled += Math.hypot(after.x - before.x, after.y - before.y);
      if (after.spread && before.spread) this.zoomBy(after.spread / before.spread, after.x, after.y);
      this.panBy(after.x - before.x, after.y - before.y);
    }

    /** The middle of all fingers, and how far they are apart. */
    #grip() {
      const points = [...this.pointers.values()];
      const x = points.reduce((sum, point) => sum + point[0], 0) / points.length;
      const y = points.reduce((sum, point) => sum + point[1], 0) / points.length;
      const spread = points.length > 1 ? Math.hypot(points[0][0] - points[1][0], points[0][1] - points[1][1]) : 0;
      return { x, y, spread };
    }

    #release(event) {
      const wasDown = this.pointers.delete(event.pointerId);
      if (!wasDown || this.pointers.size || event.type !== "pointerup" || this.travelled > 6) return;
      this.owner.chosen(this.owner.pick(...this.#at(event), event.pointerType === "touch" ? 22 : 12));
    }

    #wheel(event) {
      if (!event.ctrlKey && !event.metaKey && !this.element.contains(document.activeElement)) {
        this.hint.hidden = false;
        clearTimeout(this.hiding);
        this.hiding = setTimeout(() => (this.hint.hidden = true), 1500);
        return;
      }
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 16 : 1;
      const turned = Math.max(-240, Math.min(240, event.deltaY * lines));
      this.zoomBy(Math.exp(-turned * 0.002), ...this.#at(event));
    }

    #key(event) {
      if (event.target !== this.element || event.ctrlKey || event.metaKey || event.altKey || !this.view) return;
      const acts = {
        ArrowLeft: () => this.panBy(PAN, 0),
        ArrowRight: () => this.panBy(-PAN, 0),
        ArrowUp: () => this.panBy(0, PAN),
        ArrowDown: () => this.panBy(0, -PAN),
        "+": () => this.zoomBy(STEP),
        "=": () => this.zoomBy(STEP),
        "-": () => this.zoomBy(1 / STEP),
        "−": () => this.zoomBy(1 / STEP),
        0: () => this.fit(),
        Escape: () => this.owner.chosen(null),
      };
      if (!acts[event.key]) return;
      event.preventDefault();
      acts[event.key]();
    }

    /** Show a title beside the pointer, or nothing. */
    #tell(found, x = 0, y = 0) {
      this.tip.hidden = !found;
      this.canvas.style.cursor = found ? "pointer" : "";
      if (!found) return;
      V.setText(this.tip, this.owner.title(found));
      const isRight = x > this.view.width / 2;
      this.tip.style.left = isRight ? "" : `${x + 14}px`;
      this.tip.style.right = isRight ? `${this.view.width - x + 14}px` : "";
      this.tip.style.top = `${Math.max(4, Math.min(y - 10, this.view.height - 40))}px`;
    }
  }

  V.MapFrame = MapFrame;
})();
