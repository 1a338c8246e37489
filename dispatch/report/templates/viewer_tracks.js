/* A playback as data: where everything was and what it did at any moment. Nothing here draws. */
(() => {
  "use strict";
  const V = (window.dispatchViewer ??= {});

  /** Return how many of the ascending values are not above a limit. */
  function countUpTo(values, limit) {
    let low = 0;
    let high = values.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[middle] <= limit) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** A unit or truck: keyframes, and what it did from when on. */
  class Mover {
    constructor(packed, ground, isTruck) {
      this.id = packed.id;
      this.type = packed.type;
      this.home = packed.home;
      this.isTruck = isTruck;
      this.times = V.sums(packed.track.dt);
      this.x = V.sums(packed.track.dx, ground.kx);
      this.y = V.sums(packed.track.dy, ground.ky);
      this.states = packed.states;
      this.moments = Float64Array.from(packed.states, (state) => state[0]);
    }

    /** Return where it was [m on the ground], and where it was bound [radians, or nothing when it stood]. */
    at(milliseconds) {
      const after = countUpTo(this.times, milliseconds);
      const last = this.times.length - 1;
      if (last < 0) return null;
      if (after === 0) return { x: this.x[0], y: this.y[0], heading: null };
      if (after > last) return { x: this.x[last], y: this.y[last], heading: null };
      const i = after - 1;
      const share = (milliseconds - this.times[i]) / (this.times[after] - this.times[i]);
      const dx = this.x[after] - this.x[i];
      const dy = this.y[after] - this.y[i];
      const heading = dx || dy ? Math.atan2(dy, dx) : null;
      return { x: this.x[i] + dx * share, y: this.y[i] + dy * share, heading };
    }

    /** Return its status and call, as indices; -1 for no call. */
    state(milliseconds) {
      const i = Math.max(0, countUpTo(this.moments, milliseconds) - 1);
      const [, status, call] = this.states[i] ?? [0, -1, -1];
      return { status, call };
    }
  }

  /** A stretch of one replication of one layout; moments in seconds from the scenario's start. */
  class Playback {
    constructor(packed, ground) {
      this.packed = packed;
      this.layout = packed.layout;
      this.begin = packed.begin;
      this.end = packed.end;
      this.calendar = new V.Calendar(packed.start);
      this.units = packed.units.map((unit) => new Mover(unit, ground, false));
      this.trucks = packed.trucks.map((truck) => new Mover(truck, ground, true));
      this.movers = [...this.units, ...this.trucks];
      this.byId = new Map(this.movers.map((mover) => [mover.id, mover]).reverse());
      this.calls = packed.calls.map((call) => {
        const [x, y] = ground.place(call.at);
        return { ...call, x, y };
      });
      this.noticeMoments = Float64Array.from(packed.notices, (notice) => notice[0]);
      this.events = this.#events();
    }

    /** All moments at which something changes, each once. */
    #events() {
      const moments = new Set();
      for (const mover of this.movers) {
        for (const [milliseconds] of mover.states) moments.add(this.begin + milliseconds / 1000);
      }
      for (const { received, first, closed } of this.calls) {
        for (const moment of [received, first, closed]) if (moment !== null) moments.add(moment);
      }
      const inside = [...moments].filter((moment) => moment >= this.begin && moment <= this.end);
      return Float64Array.from(inside.sort((a, b) => a - b));
    }

    /** Return milliseconds from the begin, as tracks count them. */
    milliseconds(seconds) {
      return Math.round((seconds - this.begin) * 1e6) / 1e3;
    }

    /** Return the next event after a moment, or the last before it. */
    neighbour(seconds, step) {
      const count = countUpTo(this.events, seconds + (step > 0 ? 1e-6 : -1e-6));
      const i = step > 0 ? count : count - 1;
      return this.events[i] ?? (step > 0 ? this.end : this.begin);
    }

    /** Return a mover's status in English, and the call it is on, if any. */
    doing(mover, seconds) {
      const { status, call } = mover.state(this.milliseconds(seconds));
      return { status: this.packed.statuses[status] ?? "", call: this.calls[call] ?? null };
    }

    /** Return the calls that are open at a moment. */
    open(seconds) {
      return this.calls.filter(
        (call) => call.received <= seconds && (call.closed === null || seconds < call.closed),
      );
    }

    /** Return how far the answer to an open call has come. */
    static progress(call, seconds) {
      if (call.first !== null && call.first <= seconds) return "attended";
      if (call.dispatched !== null && call.dispatched <= seconds) return "sent";
      return call.ready <= seconds ? "waiting" : "handled";
    }

    /** Return the alarm level of a call; nothing before the first. */
    static level(call, seconds) {
      return call.levels.filter(([from]) => from <= seconds).at(-1)?.[1] ?? null;
    }

    /** Return the latest notices, newest first. */
    notices(seconds, most) {
      const count = countUpTo(this.noticeMoments, seconds);
      return this.packed.notices.slice(Math.max(0, count - most), count).reverse();
    }
  }

  Object.assign(V, { countUpTo, Mover, Playback });
})();
