/* What stands beside the map while a playback runs: clock and controls, status board, open calls, notices. */
(() => {
  "use strict";
  const V = (window.dispatchViewer ??= {});
  const t = (message, values) => V.t(message, values);
  const SPEEDS = [1, 10, 60, 300, 1800];
  const NOTICES = 8;

  /** Rows of a table that are changed in place; texts only where they differ. */
  class Rows {
    constructor(title, columns, empty) {
      this.body = V.make("tbody");
      this.count = V.make("span", { className: "viewer-count" });
      this.empty = V.make("p", { className: "viewer-empty" }, empty);
      const head = V.make("tr", {}, ...columns.map((name) => V.make("th", { scope: "col" }, name)));
      const table = V.make("table", {}, V.make("thead", {}, head), this.body);
      const box = V.make("div", { className: "viewer-scroll", tabIndex: 0, "aria-label": title }, table, this.empty);
      box.setAttribute("role", "region");
      this.element = V.make("section", {}, V.make("h4", {}, title, " ", this.count), box);
      this.rows = [];
    }

    /** Show rows of texts; an icon may stand before the first, and ``act`` makes the first a button. */
    show(rows) {
      while (this.rows.length > rows.length) this.rows.pop().element.remove();
      rows.forEach((row, i) => this.#fill((this.rows[i] ??= this.#add(row.cells.length)), row));
      V.setText(this.count, V.whole(rows.length));
      this.empty.hidden = rows.length > 0;
    }

    #add(size) {
      const button = V.make("button", { type: "button", className: "viewer-name" });
      const cells = Array.from({ length: size }, () => V.make("td"));
      const mark = V.make("span", { className: "viewer-mark" });
      cells[0].append(mark, button);
      const element = V.make("tr", {}, ...cells);
      this.body.append(element);
      const row = { element, button, mark, cells };
      button.addEventListener("click", () => row.act());
      return row;
    }

    #fill(row, { cells, icon, look, act, isChosen }) {
      row.act = act;
      row.element.classList.toggle("viewer-chosen", Boolean(isChosen));
      V.setText(row.button, cells[0]);
      for (let i = 1; i < cells.length; i += 1) V.setText(row.cells[i], cells[i]);
      if (row.look === look) return;
      row.look = look;
      row.mark.replaceChildren(icon());
    }
  }

  /** The controls of a playback. */
  class Controls {
    constructor(viewer) {
      this.viewer = viewer;
      const { playback } = viewer;
      const button = (name, sign, act) =>
        V.make("button", { type: "button", title: name, onclick: act, "aria-label": name }, V.symbols.sign(sign));
      this.sign = V.make("span");
      this.word = V.make("span");
      const toggle = { type: "button", className: "viewer-play", onclick: () => viewer.toggle() };
      this.play = V.make("button", toggle, this.sign, " ", this.word);
      this.speed = V.choice(
        t("Speed"),
        SPEEDS.map((speed) => [speed, `×${V.whole(speed)}`]),
        viewer.speed,
        (value) => (viewer.speed = Number(value)),
      );
      this.slider = V.make("input", {
        type: "range", min: playback.begin, max: playback.end, step: 1, "aria-label": t("Moment"),
        oninput: () => viewer.seek(Number(this.slider.value), false),
      });
      this.date = V.make("span", { className: "viewer-date" });
      this.time = V.make("strong", { className: "viewer-time" });
      this.clock = V.make("div", { className: "viewer-clock" }, this.time, this.date);
      this.element = V.make(
        "div", { className: "viewer-controls" },
        this.clock,
        V.make(
          "div", { className: "viewer-buttons" },
          button(t("Previous event"), "previous", () => viewer.step(-1)),
          this.play,
          button(t("Next event"), "next", () => viewer.step(1)),
        ),
        this.speed,
        this.slider,
      );
    }

    /** Show a moment; ``isPlaying`` decides what the button does next. */
    update(seconds, isPlaying) {
      const { calendar } = this.viewer.playback;
      V.setText(this.time, calendar.time(seconds));
      V.setText(this.date, calendar.date(seconds));
      if (document.activeElement !== this.slider || isPlaying) this.slider.value = seconds;
      this.slider.setAttribute("aria-valuetext", calendar.moment(seconds));
      const word = isPlaying ? t("Pause") : t("Play");
      if (this.word.textContent === word) return;
      this.word.textContent = word;
      this.sign.replaceChildren(V.symbols.sign(isPlaying ? "pause" : "play", V.symbols.PAPER));
    }
  }

  /** The tables of a playback. */
  class Boards {
    constructor(viewer) {
      this.viewer = viewer;
      this.units = new Rows(t("Status board"), [t("Unit"), t("Station"), t("Status"), t("Call")], t("No unit is out."));
      this.calls = new Rows(
        t("Open calls"),
        [t("Call"), t("Type"), t("Zone"), t("Level"), t("Open for"), t("First unit")],
        t("No call is open."),
      );
      this.filter = V.tick(t("Only units that are out"), viewer.isBrief, (isBrief) => {
        viewer.isBrief = isBrief;
        this.update(viewer.time);
      });
      this.units.element.insertBefore(this.filter, this.units.element.children[1]);
      this.notices = V.make("ol", { className: "viewer-notices" });
      const feed = V.make("section", {}, V.make("h4", {}, t("Notices")), this.notices);
      this.units.element.classList.add("viewer-units");
      this.element = V.make("div", { className: "viewer-lower" }, this.calls.element, feed);
    }

    /** Show a moment. */
    update(seconds) {
      const { playback } = this.viewer;
      this.units.show(this.#unitRows(playback, seconds));
      this.calls.show(this.#callRows(playback, seconds));
      this.#tellNotices(playback, seconds);
    }

    #unitRows(playback, seconds) {
      const { viewer } = this;
      const rows = [];
      for (const mover of playback.movers) {
        const { status, call } = playback.doing(mover, seconds);
        if (viewer.isBrief && V.symbols.isAtHome(status)) continue;
        rows.push({
          cells: [mover.id, viewer.homeOf(mover), t(status), call?.id ?? ""],
          look: `${status} ${mover.isTruck}`,
          icon: () => viewer.moverIcon(status, mover.isTruck),
          act: () => viewer.choose("mover", mover.id),
          isChosen: viewer.isChosen("mover", mover.id),
        });
      }
      return rows;
    }

    #callRows(playback, seconds) {
      const { viewer } = this;
      return playback.open(seconds).map((call) => {
        const progress = V.Playback.progress(call, seconds);
        const since = V.duration(seconds - call.received);
        return {
          cells: [
            call.id, call.type, call.zone, String(V.Playback.level(call, seconds) ?? ""), since,
            progress === "attended" ? V.duration(call.first - call.received) : viewer.progressWord(progress),
          ],
          look: progress,
          icon: () => viewer.callIcon(progress),
          act: () => viewer.choose("call", call.id),
          isChosen: viewer.isChosen("call", call.id),
        };
      });
    }

    #tellNotices(playback, seconds) {
      const latest = playback.notices(seconds, NOTICES);
      const key = `${latest[0]?.[0]} ${V.countUpTo(playback.noticeMoments, seconds)}`;
      if (key === this.told) return;
      this.told = key;
      const items = latest.map(([moment, what, who, detail]) => {
        const text = who ? t("{what}: {who}", { what: t(what), who }) : t(what);
        const told = detail ? t("{text} ({detail})", { text, detail }) : text;
        return V.make("li", {}, V.make("time", {}, playback.calendar.time(moment)), " ", told);
      });
      this.notices.replaceChildren(...(items.length ? items : [V.make("li", {}, t("No notice yet."))]));
    }
  }

  Object.assign(V, { Controls, Boards });
})();
