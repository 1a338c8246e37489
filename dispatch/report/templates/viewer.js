/* The map of a report, with its playbacks: finds its data in the page, and moves to the language that is read.
 *
 * window.dispatchReport is all that the page (and tests) use of it. */
(() => {
  "use strict";
  const V = (window.dispatchViewer ??= {});
  const t = (message, values) => V.t(message, values);
  const TABLE_PAUSE = 250;

  class Viewer {
    constructor(payload, colours) {
      this.land = new V.Land(payload);
      this.colours = V.palette(colours);
      this.themes = new V.Themes(this.land, this.colours);
      this.playbacks = payload.playbacks.map((packed) => new V.Playback(packed, this.land.ground));
      this.toggles = { stations: true, names: true, sites: true, calls: false };
      this.theme = "roads";
      this.layout = this.playbacks[0]?.layout ?? payload.reference ?? "";
      if (!this.land.layout(this.layout)) this.layout = payload.layouts[0]?.id ?? "";
      this.speed = 60;
      this.isPlaying = false;
      this.isBrief = false;
      this.choice = null;
      this.playback = null;
      this.time = 0;
      this.view = new V.Scene(this);
      this.frame = new V.MapFrame(this.land, new V.Painter(this.land, this.themes), this);
      this.element = V.make("div", { className: "viewer" });
      this.element.addEventListener("keydown", (event) => this.#key(event));
      this.#takePlayback(this.playbacks.find((playback) => playback.layout === this.layout) ?? null);
      window.addEventListener("beforeprint", () => this.frame.sharpen(2));
      window.addEventListener("afterprint", () => this.frame.sharpen(1));
    }

    // What the frame asks of its owner.
    scene() {
      return { ...this.toggles, theme: this.theme, layout: this.layout };
    }

    overlay(pen, view) {
      this.view.overlay(pen, view);
    }

    pick(x, y, reach) {
      return this.view.pick(x, y, reach);
    }

    title(found) {
      return this.view.facts(found)?.title ?? "";
    }

    chosen(found) {
      this.choice = found && { kind: found.kind, id: found.id };
      this.#refresh();
    }

    // What the boards ask.
    isChosen(kind, id) {
      return this.choice?.kind === kind && this.choice.id === id;
    }

    choose(kind, id) {
      this.choice = { kind, id };
      this.view.show(this.choice);
      this.#refresh();
    }

    stations() {
      return this.land.layout(this.layout)?.stations ?? [];
    }

    /** Return the title of a mover's home; a depot may bear the name of a station. */
    homeOf({ home, isTruck }) {
      const places = [...this.stations(), ...this.land.payload.sites];
      if (isTruck) places.reverse();
      return places.find((place) => place.id === home)?.title ?? home;
    }

    moverIcon(status, isTruck) {
      const colour = this.colours.status[status] ?? this.colours.status.other;
      return V.symbols.icon((pen, x, y) => V.symbols.mover(pen, x, y, { status, isTruck, colour }), 24);
    }

    callIcon(progress) {
      return V.symbols.icon((pen, x, y) => V.symbols.call(pen, x, y, progress, -1, this.colours.calls[progress]), 24);
    }

    progressWord(progress) {
      return {
        handled: t("call being handled"), waiting: t("waiting for a unit"),
        sent: t("unit on its way"), attended: t("unit on scene"),
      }[progress];
    }

    changeWord(change) {
      return { added: t("added"), moved: t("moved"), changed: t("other units"), closed: t("closed") }[change] ?? change;
    }

    // Language.
    speak(language) {
      V.speak(language);
      const slots = [...document.querySelectorAll(".viewer-slot")];
      const slot = slots.find((one) => one.dataset.lang === language) ?? slots[0];
      if (!slot) return;
      slot.append(this.element);
      this.#build();
      this.frame.resize();
    }

    #build() {
      const { land } = this;
      this.legend = V.make("div", { className: "viewer-legend" });
      this.info = V.make("div", { className: "viewer-info", hidden: true });
      this.notes = V.make("div", { className: "viewer-notes" });
      this.live = V.make("p", { className: "viewer-hidden" });
      this.live.setAttribute("role", "status");
      this.controls = this.playback && new V.Controls(this);
      this.boards = this.playback && new V.Boards(this);
      this.frame.element.querySelector(".viewer-info")?.remove();
      this.frame.element.append(this.info);
      const main = V.make("div", { className: "viewer-main" }, this.frame.element, this.boards?.units.element);
      const parts = [this.#bar(), this.controls?.element, main, this.legend, this.boards?.element, this.notes, this.live];
      this.element.replaceChildren(...parts.filter(Boolean));
      this.element.classList.toggle("viewer-plays", Boolean(this.playback));
      this.frame.label();
      this.frame.canvas.setAttribute("aria-label", this.#summary(land));
      this.legend.replaceChildren(...V.legend(this));
      this.#tellNotes();
      this.#refresh();
    }

    #bar() {
      const bar = V.make("div", { className: "viewer-bar" });
      const { layouts, sites, calls } = this.land.payload;
      bar.append(V.choice(t("Map"), this.themes.choices(), this.theme, (name) => this.layer(name)));
      if (layouts.length > 1) {
        const options = layouts.map(({ id, title }) => [id, title]);
        bar.append(V.choice(t("Layout"), options, this.layout, (id) => this.layer(this.theme, id)));
      }
      const choices = this.#playbackChoices();
      if (choices.length > 1) {
        const now = String(this.playbacks.indexOf(this.playback));
        bar.append(V.choice(t("Playback"), choices, now, (i) => this.#choosePlayback(Number(i))));
      }
      const toggle = (key, words) =>
        V.tick(words, this.toggles[key], (isOn) => {
          this.toggles[key] = isOn;
          this.frame.stale();
          this.#tellNotes();
        });
      const toggles = [toggle("stations", t("Stations")), toggle("names", t("Names"))];
      if (sites.length) toggles.push(toggle("sites", t("Depots and hospitals")));
      if (calls) toggles.push(toggle("calls", t("Calls")));
      const show = V.make("fieldset", {}, V.make("legend", { className: "viewer-hidden" }, t("Show")), ...toggles);
      bar.append(show, this.#finder());
      return bar;
    }

    #finder() {
      const options = [["", t("Station …")], ...this.stations().map(({ id, title }) => [id, title])];
      return V.choice(t("Find"), options, "", (id) => id && this.choose("station", id));
    }

    #playbackChoices() {
      const reasons = { whole: t("whole run"), busiest: t("busiest day"), asked: t("day asked for") };
      const choices = this.playbacks.map(({ packed, calendar, begin }, i) => {
        const layout = this.land.layout(packed.layout)?.title ?? packed.layout;
        return [String(i), `${layout} · ${calendar.date(begin)} (${reasons[packed.why] ?? packed.why})`];
      });
      return this.playback || !choices.length ? choices : [["-1", t("none of this layout")], ...choices];
    }

    #summary(land) {
      const { layouts, zones } = land.payload;
      const values = {
        layout: land.layout(this.layout)?.title ?? this.layout, stations: V.whole(this.stations().length),
        links: V.whole(land.roads?.count ?? 0), zones: V.whole(zones.length), layouts: V.whole(layouts.length),
        theme: this.themes.theme(this.theme, this.layout).title,
      };
      return t("Map of layout {layout}: {theme}. Stations: {stations}, links: {links}, zones: {zones}.", values);
    }

    #tellNotes() {
      const line = (text) => V.make("p", {}, text);
      const { sources = [] } = this.land.payload;
      const folded = V.make("details", {}, V.make("summary", {}, t("Sources of the map")), ...sources.map(line));
      this.notes.replaceChildren(...V.notes(this).map(line), ...(sources.length ? [folded] : []));
    }

    // Layers and playbacks.
    layer(name, layout = this.layout) {
      const isKnown = this.themes.choices().some(([key]) => key === name);
      if (isKnown) this.theme = name;
      if (layout !== this.layout && this.land.layout(layout)) {
        this.layout = layout;
        this.#takePlayback(this.playbacks.find((playback) => playback.layout === layout) ?? null);
      }
      this.#rebuilt();
    }

    #choosePlayback(i) {
      const playback = this.playbacks[i] ?? null;
      if (playback && this.land.layout(playback.layout)) this.layout = playback.layout;
      this.#takePlayback(playback);
      this.#rebuilt();
    }

    /** Build again, and give the focus back to the same control. */
    #rebuilt() {
      const focused = [...this.element.querySelectorAll("select")].indexOf(document.activeElement);
      this.#build();
      if (focused >= 0) this.element.querySelectorAll("select")[focused]?.focus();
    }

    #takePlayback(playback) {
      const time = this.time;
      this.pause();
      this.playback = playback;
      if (!playback) return;
      this.time = time > playback.begin && time < playback.end ? time : playback.begin;
    }

    // Time.
    seek(seconds, isLoud = true) {
      if (!this.playback) return;
      this.time = Math.min(Math.max(seconds, this.playback.begin), this.playback.end);
      this.#refresh();
      if (isLoud) this.#say();
    }

    step(direction) {
      this.pause();
      this.seek(this.playback.neighbour(this.time, direction));
    }

    toggle() {
      if (this.isPlaying) this.pause();
      else this.play();
    }

    play() {
      if (!this.playback || this.isPlaying) return;
      if (this.time >= this.playback.end) this.time = this.playback.begin;
      this.isPlaying = true;
      this.last = null;
      this.#refresh();
      requestAnimationFrame((now) => this.#tick(now));
    }

    pause() {
      if (!this.isPlaying) return;
      this.isPlaying = false;
      this.#refresh();
      this.#say();
    }

    #tick(now) {
      if (!this.isPlaying) return;
      const passed = this.last === null ? 0 : Math.min(now - this.last, 250) / 1000;
      this.last = now;
      this.time = Math.min(this.time + passed * this.speed, this.playback.end);
      if (this.time >= this.playback.end) {
        this.pause();
        return;
      }
      this.frame.draw();
      this.controls.update(this.time, true);
      if (now - (this.told ?? 0) >= TABLE_PAUSE) {
        this.told = now;
        this.#tell();
      }
      requestAnimationFrame((next) => this.#tick(next));
    }

    #refresh() {
      this.frame?.request();
      if (!this.info) return;
      this.controls?.update(this.time, this.isPlaying);
      this.#tell();
    }

    /** Fill tables and the facts about what is chosen. */
    #tell() {
      this.boards?.update(this.time);
      const facts = this.choice && this.view.facts(this.choice);
      this.info.hidden = !facts;
      const key = JSON.stringify(facts ?? null);
      if (!facts || key === this.info.dataset.facts) return;
      this.info.dataset.facts = key;
      const close = V.make("button", { type: "button", title: t("Close"), "aria-label": t("Close"), onclick: () => this.chosen(null) }, "×");
      const rows = facts.rows.flatMap(([name, value]) => [V.make("dt", {}, name), V.make("dd", {}, value)]);
      this.info.replaceChildren(close, V.make("b", {}, facts.title), V.make("dl", {}, ...rows));
    }

    /** Tell a screen reader the moment, when the reader has chosen it; never while it runs. */
    #say() {
      if (this.playback && this.live) V.setText(this.live, this.playback.calendar.moment(this.time));
    }

    #key(event) {
      const isMap = event.target === this.frame.element;
      if (event.key !== " " || !isMap || !this.playback) return;
      event.preventDefault();
      this.toggle();
    }

    /** Return where something is, in the network's coordinates, and what it does. */
    position(id) {
      const mover = this.playback?.byId.get(id);
      const place = mover?.at(this.playback.milliseconds(this.time));
      if (!place) return null;
      const [x, y] = this.land.ground.coordinates(place.x, place.y);
      const { status, call } = this.playback.doing(mover, this.time);
      return { x, y, status, incident: call?.id ?? "" };
    }

    /** Return what the map shows. */
    shows() {
      const { x, y, zoom, width, height } = this.frame.view ?? {};
      const centre = x === undefined ? null : this.land.ground.coordinates(x, y);
      return { centre, zoom, width, height, theme: this.theme, layout: this.layout };
    }
  }

  const json = (id) => JSON.parse(document.getElementById(id)?.textContent || "{}");
  let viewer = null;
  let wanted = null;

  async function start() {
    const packed = document.getElementById("dispatch-map");
    if (!packed || !document.querySelector(".viewer-slot")) return;
    V.learn(json("dispatch-texts"));
    viewer = new Viewer(await V.unpack(packed.textContent), json("dispatch-colours"));
    viewer.speak(wanted ?? document.querySelector(".viewer-slot").dataset.lang);
  }

  const isLoaded = new Promise((resolve) => {
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", resolve);
    else setTimeout(resolve);
  });

  window.dispatchReport = {
    ready: isLoaded.then(start),
    setLanguage(language) {
      wanted = language;
      viewer?.speak(language);
    },
    seek: (seconds) => viewer?.seek(seconds),
    position: (id) => viewer?.position(id) ?? null,
    clock: () => viewer?.time ?? null,
    play: () => viewer?.play(),
    pause: () => viewer?.pause(),
    view: () => viewer?.shows() ?? null,
    layer: (name, layout) => viewer?.layer(name, layout),
  };
})();
