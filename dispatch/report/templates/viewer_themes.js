/* What the links are coloured by: roads by class, first-due times, changes between layouts, zones by risk. */
(() => {
  "use strict";
  const V = (window.dispatchViewer ??= {});
  const t = (message, values) => V.t(message, values);

  /** Least differences of first-due times that are told apart [s]. */
  const SLIGHT = 30;
  const MARKED = 120;
  const NEVER = -1;
  /** Places among the entries of changes. */
  const [GAINED, SAME, LOST] = [0, 3, 6];
  const PLAIN_ROADS = {
    motorway: "#3f5f8a", trunk: "#5b7391", primary: "#6f7a85", secondary: "#87919b", tertiary: "#9ea7b0",
    village: "#9a7f57", mountain: "#6e5a3a", track: "#9a7f57",
  };
  const MINOR_ROAD = "#b7bec5";
  const WIDTHS = {
    motorway: 4, trunk: 3.5, primary: 3, secondary: 2.3, tertiary: 1.6, mountain: 1.5, village: 1.2,
  };
  const MINOR_WIDTH = 1;
  /** Ways without a broad pavement are drawn in dashes [px]. */
  const DASHES = { mountain: [8, 4], village: [3, 3], track: [2, 4] };
  const NEVER_DASHES = [6, 4];
  const RISKS = ["red", "orange", "yellow", "blue"];

  /** Return the width of a class of roads before zooming [px]. */
  function roadWidth(name) {
    return WIDTHS[name] ?? (name.endsWith("_link") ? (WIDTHS[name.slice(0, -5)] ?? 1.8) / 2 : MINOR_WIDTH);
  }

  /** Return the mean of both ends' seconds; of one end where the other is never reached. */
  function meanOf(first, second) {
    if (first === NEVER) return second;
    return second === NEVER ? first : (first + second) / 2;
  }

  /** Ways to colour a land; each theme has entries (colour and words) and an entry for each link and node. */
  class Themes {
    constructor(land, colours) {
      this.land = land;
      this.colours = colours;
      this.found = new Map();
    }

    /** Return the themes that this land can show, as pairs of name and words. */
    choices() {
      const { layouts, reference, zones } = this.land.payload;
      const hasTimes = layouts.some((layout) => layout.first_due.length);
      const choices = [["roads", t("Roads by class")]];
      if (hasTimes) choices.push(["first_due", t("First-due travel time")]);
      if (hasTimes && layouts.length > 1 && this.land.layout(reference)) {
        choices.push(["change", t("Change of first-due travel time")]);
      }
      if (zones.length) choices.push(["risk", t("Zones and their risk")]);
      return choices;
    }

    /** Return a theme for a layout; the shares of links are worked out once. */
    theme(name, layout) {
      const key = `${name} ${name === "roads" || name === "risk" ? "" : layout}`;
      if (!this.found.has(key)) this.found.set(key, this.#buckets(name, layout));
      return { key, name, ...this.#entries(name), ...this.found.get(key) };
    }

    #entries(name) {
      if (name === "first_due") return { title: t("First-due travel time"), entries: this.#timeEntries() };
      if (name === "change") return { title: t("Change of first-due travel time"), entries: this.#changeEntries() };
      if (name === "risk") return { title: t("Risk of zones"), entries: this.#riskEntries() };
      const classes = this.land.roads?.classes ?? [];
      const words = roadWords();
      const entries = classes.map((road) => ({
        colour: PLAIN_ROADS[road] ?? MINOR_ROAD,
        text: words[road] ?? road,
        width: roadWidth(road),
        dashes: DASHES[road],
      }));
      if (!entries.length) entries.push({ colour: PLAIN_ROADS.primary, text: t("Places") });
      return { title: t("Roads"), entries };
    }

    #timeEntries() {
      const { limits, over, never } = this.colours.firstDue;
      return [
        ...limits.map(([limit, colour]) => ({ colour, text: t("up to {time}", { time: V.duration(limit) }) })),
        { colour: over, text: t("over {time}", { time: V.duration(limits.at(-1)?.[0] ?? 0) }) },
        { colour: never, text: t("not reached"), dashes: NEVER_DASHES },
      ];
    }

    #changeEntries() {
      const { gained, sooner, little, same, later, much, lost } = this.colours.change;
      const [slight, marked] = [V.duration(SLIGHT), V.duration(MARKED)];
      return [
        { colour: gained, text: t("reached only now") },
        { colour: sooner, text: t("sooner by more than {time}", { time: marked }) },
        { colour: little, text: t("sooner by {least} to {most}", { least: slight, most: marked }) },
        { colour: same, text: t("about the same") },
        { colour: later, text: t("later by {least} to {most}", { least: slight, most: marked }) },
        { colour: much, text: t("later by more than {time}", { time: marked }) },
        { colour: lost, text: t("no longer reached") },
      ];
    }

    #riskEntries() {
      const words = { red: t("red: highest"), orange: t("orange: high"), yellow: t("yellow: medium"), blue: t("blue: low") };
      const entries = RISKS.map((risk) => ({ colour: this.colours.risk[risk], text: words[risk] }));
      return [...entries, { colour: this.colours.risk[""], text: t("not graded") }];
    }

    #buckets(name, layout) {
      const { land } = this;
      let ofNode = () => 0;
      let ofLink = null;
      if (name === "first_due") {
        const seconds = land.layout(layout).first_due;
        const bucket = (value) => this.#timeBucket(value);
        ofNode = (node) => bucket(seconds[node] ?? NEVER);
        ofLink = (a, b) => bucket(meanOf(seconds[a] ?? NEVER, seconds[b] ?? NEVER));
      } else if (name === "change") {
        const before = land.layout(land.payload.reference).first_due;
        const after = land.layout(layout).first_due;
        const mean = (seconds, a, b) => meanOf(seconds[a] ?? NEVER, seconds[b] ?? NEVER);
        ofNode = (node) => changeBucket(before[node] ?? NEVER, after[node] ?? NEVER);
        ofLink = (a, b) => {
          const ends = [ofNode(a), ofNode(b)];
          // a link is gained or lost with either of its ends; the mean of the other alone would mislead
          return ends.find((end) => end === GAINED || end === LOST) ?? changeBucket(mean(before, a, b), mean(after, a, b));
        };
      } else if (name === "risk") {
        ofNode = (node) => this.#riskBucket(land.zoneOf[node] ?? -1);
        ofLink = (a, b) => this.#riskBucket(land.zoneOf[a] >= 0 ? land.zoneOf[a] : (land.zoneOf[b] ?? -1));
      }
      const { roads } = land;
      const links = new Uint16Array(roads?.count ?? 0);
      for (let i = 0; i < links.length; i += 1) {
        links[i] = ofLink ? ofLink(roads.tail[i], roads.head[i]) : roads.classOf[i];
      }
      return { links, nodes: Uint16Array.from(land.nodeX, (_, node) => ofNode(node)) };
    }

    /** Return the class of a first-due time; also used for calls. */
    #timeBucket(value) {
      const { limits } = this.colours.firstDue;
      if (value === NEVER) return limits.length + 1;
      const found = limits.findIndex(([limit]) => value <= limit);
      return found < 0 ? limits.length : found;
    }

    /** Return the colour for a time [s] to the first unit. */
    timeColour(value) {
      const { limits, over, never } = this.colours.firstDue;
      return [...limits.map(([, colour]) => colour), over, never][this.#timeBucket(value)];
    }

    #riskBucket(zone) {
      const found = RISKS.indexOf(this.land.payload.zones[zone]?.risk);
      return found < 0 ? RISKS.length : found;
    }
  }

  /** Classes of roads that have words; others are shown as the network names them. */
  function roadWords() {
    return {
      motorway: t("motorway"), trunk: t("trunk road"), primary: t("primary road"), secondary: t("secondary road"),
      tertiary: t("tertiary road"), residential: t("residential street"), local: t("local street"),
      service: t("service road"), track: t("track"), village: t("village road"), mountain: t("mountain road"),
    };
  }

  function changeBucket(before, after) {
    if (before === NEVER) return after === NEVER ? SAME : GAINED;
    if (after === NEVER) return LOST;
    const change = after - before;
    if (Math.abs(change) < SLIGHT) return SAME;
    if (Math.abs(change) <= MARKED) return change < 0 ? 2 : 4;
    return change < 0 ? 1 : 5;
  }

  Object.assign(V, { Themes, roadWidth });
})();
