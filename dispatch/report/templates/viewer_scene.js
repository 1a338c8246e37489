/* What moves on the map, what can be pointed at, and the facts that are told of it. */
(() => {
  "use strict";
  const V = (window.dispatchViewer ??= {});
  const t = (message, values) => V.t(message, values);
  const PULSE = 1600;
  const APART = 15;

  /** Draws and finds what is on the map for a viewer. */
  class Scene {
    constructor(viewer) {
      this.viewer = viewer;
      this.still = window.matchMedia("(prefers-reduced-motion: reduce)");
      this.shown = [];
    }

    /** Draw calls, units and trucks over the still picture. */
    overlay(pen, view) {
      const { viewer } = this;
      this.shown = [];
      if (viewer.playback) {
        if (viewer.toggles.stations) this.#badges(pen, view);
        this.#calls(pen, view);
        this.#movers(pen, view);
      }
      const place = viewer.choice && this.#placeOf(viewer.choice);
      if (place && viewer.choice.kind !== "mover") V.symbols.ring(pen, ...view.toFrame(...place), 15, V.symbols.INK, 2);
    }

    /** Write how many units of each station are in quarters, of how many. */
    #badges(pen, view) {
      const { playback, time } = this.viewer;
      const counts = new Map();
      for (const mover of playback.units) {
        const count = counts.get(mover.home) ?? [0, 0];
        count[1] += 1;
        if (playback.doing(mover, time).status === "in quarters") count[0] += 1;
        counts.set(mover.home, count);
      }
      pen.font = `600 10px ${V.FONT}`;
      pen.textBaseline = "middle";
      for (const { id, at } of this.viewer.stations()) {
        if (!counts.has(id)) continue;
        const [x, y] = view.toFrame(...this.viewer.land.ground.place(at));
        const text = counts.get(id).join("/");
        V.symbols.label(pen, text, x - pen.measureText(text).width / 2, y + 15);
      }
    }

    #calls(pen, view) {
      const { playback, time, colours } = this.viewer;
      const isMoving = this.viewer.isPlaying && !this.still.matches;
      const phase = isMoving ? (performance.now() % PULSE) / PULSE : -1;
      for (const call of playback.open(time)) {
        const [x, y] = view.toFrame(call.x, call.y);
        const progress = V.Playback.progress(call, time);
        V.symbols.call(pen, x, y, progress, phase, colours.calls[progress]);
        this.shown.push({ kind: "call", id: call.id, x, y });
      }
    }

    /** Draw what is out; those at the same place stand side by side. */
    #movers(pen, view) {
      const { playback, time, colours } = this.viewer;
      const milliseconds = playback.milliseconds(time);
      const taken = new Map();
      for (const mover of playback.movers) {
        const { status } = playback.doing(mover, time);
        const place = mover.at(milliseconds);
        if (!place || V.symbols.isAtHome(status)) continue;
        let [x, y] = view.toFrame(place.x, place.y);
        const key = place.heading === null ? `${Math.round(x / 4)} ${Math.round(y / 4)}` : "";
        const before = key ? (taken.get(key) ?? 0) : 0;
        if (key) taken.set(key, before + 1);
        if (before) [x, y] = [x + APART * Math.cos(before * 1.05), y - APART * Math.sin(before * 1.05)];
        const colour = colours.status[status] ?? colours.status.other;
        const isChosen = this.viewer.isChosen("mover", mover.id);
        V.symbols.mover(pen, x, y, { status, heading: place.heading, isTruck: mover.isTruck, colour, isChosen });
        this.shown.push({ kind: "mover", id: mover.id, x, y });
      }
    }

    /** Return what is nearest to a point of the frame, if anything is within reach [px]. */
    pick(px, py, reach) {
      const { viewer } = this;
      const view = viewer.frame.view;
      const placed = (kind, id, at) => {
        const [x, y] = view.toFrame(...viewer.land.ground.place(at));
        return { kind, id, x, y };
      };
      const still = [];
      if (viewer.toggles.stations) still.push(...viewer.stations().map(({ id, at }) => placed("station", id, at)));
      if (viewer.toggles.sites) {
        still.push(...V.sitesOf(viewer.land, viewer.layout).map(({ id, at }) => placed("site", id, at)));
      }
      return (
        nearest(this.shown, px, py, reach) ?? nearest(still, px, py, reach) ?? this.#pickSampled(px, py, reach)
      );
    }

    #pickSampled(px, py, reach) {
      const { calls } = this.viewer.land;
      if (!calls || !this.viewer.toggles.calls) return null;
      const view = this.viewer.frame.view;
      let found = null;
      let least = Math.min(reach, 8);
      for (let i = 0; i < calls.x.length; i += 1) {
        const [x, y] = view.toFrame(calls.x[i], calls.y[i]);
        const away = Math.hypot(x - px, y - py);
        if (away <= least) [found, least] = [{ kind: "sampled", id: i }, away];
      }
      return found;
    }

    /** Return where on the ground something is. */
    #placeOf({ kind, id }) {
      const { viewer } = this;
      const { ground, calls } = viewer.land;
      if (kind === "sampled") return calls ? [calls.x[id], calls.y[id]] : null;
      if (kind === "station" || kind === "site") {
        const found = this.#fixed(kind, id);
        return found ? ground.place(found.at) : null;
      }
      if (!viewer.playback) return null;
      if (kind === "call") {
        const call = viewer.playback.calls.find((one) => one.id === id);
        return call ? [call.x, call.y] : null;
      }
      const place = viewer.playback.byId.get(id)?.at(viewer.playback.milliseconds(viewer.time));
      return place ? [place.x, place.y] : null;
    }

    /** Bring something to the middle of the map. */
    show(choice) {
      const place = this.#placeOf(choice);
      if (place) this.viewer.frame.goTo(...place);
    }

    #fixed(kind, id) {
      const list = kind === "station" ? this.viewer.stations() : this.viewer.land.payload.sites;
      return list.find((one) => one.id === id);
    }

    /** Return the facts about something, as a title and pairs of name and value; nothing when it is gone. */
    facts({ kind, id }) {
      if (kind === "station") return this.#stationFacts(id);
      if (kind === "site") {
        const found = this.#fixed(kind, id);
        const word = found?.kind === "hospital" ? t("Hospital") : t("Depot");
        return found && { title: found.title, rows: [[t("Kind"), word], [t("Name in the scenario"), id]] };
      }
      if (kind === "sampled") return this.#sampledFacts(id);
      if (!this.viewer.playback) return null;
      return kind === "call" ? this.#callFacts(id) : this.#moverFacts(id);
    }

    #stationFacts(id) {
      const found = this.#fixed("station", id);
      if (!found) return null;
      const { playback, time } = this.viewer;
      const told = (unit) => {
        const mover = playback?.byId.get(unit);
        return mover ? `${unit} (${t(playback.doing(mover, time).status)})` : unit;
      };
      const rows = [[t("Units"), found.units.map(told).join(", ") || "–"]];
      if (found.change) rows.unshift([t("Against the reference"), this.viewer.changeWord(found.change)]);
      if (found.id !== found.title) rows.push([t("Name in the scenario"), found.id]);
      return { title: found.title, rows };
    }

    #sampledFacts(i) {
      const { types, type_of: typeOf, first } = this.viewer.land.calls;
      const time = first[i] < 0 ? t("never") : V.duration(first[i]);
      return { title: types[typeOf[i]] ?? t("Call"), rows: [[t("First unit on scene after"), time]] };
    }

    #moverFacts(id) {
      const { playback, time } = this.viewer;
      const mover = playback.byId.get(id);
      if (!mover) return null;
      const { status, call } = playback.doing(mover, time);
      const rows = [
        [t("Type"), mover.type], [t("Station"), this.viewer.homeOf(mover)], [t("Status"), t(status)],
      ];
      if (call) rows.push([t("Call"), `${call.id} · ${call.type}`]);
      return { title: id, rows };
    }

    #callFacts(id) {
      const { playback, time } = this.viewer;
      const call = playback.calls.find((one) => one.id === id);
      if (!call) return null;
      const moments = [
        [t("Received"), call.received], [t("First unit sent"), call.dispatched], [t("First unit on scene"), call.first],
        [t("All units needed on scene"), call.erf], [t("Closed"), call.closed],
      ];
      const rows = [[t("Type"), call.type], [t("Zone"), call.zone || "–"]];
      const level = V.Playback.level(call, time);
      if (level !== null) rows.push([t("Level"), String(level)]);
      for (const [name, moment] of moments) {
        if (moment !== null && moment <= time) rows.push([name, playback.calendar.time(moment)]);
      }
      return { title: id, rows };
    }
  }

  function nearest(placed, px, py, reach) {
    let found = null;
    let least = reach;
    for (const one of placed) {
      const away = Math.hypot(one.x - px, one.y - py);
      if (away <= least) [found, least] = [one, away];
    }
    return found;
  }

  V.Scene = Scene;
})();
