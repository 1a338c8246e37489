/* The viewer's words, numbers and moments in the reader's language, and the making of elements. */
(() => {
  "use strict";
  const V = (window.dispatchViewer ??= {});
  const LOCALES = { en: "en-GB", zh: "zh-CN" };
  let catalogues = {};
  let language = "en";

  /** Take up the translations: by language, from English messages to texts. */
  function learn(texts) {
    catalogues = texts;
  }

  /** Speak a language from now on. */
  function speak(code) {
    language = code;
  }

  /** Return a message in the reader's language, with what its names in braces stand for. */
  function t(message, values = {}) {
    const text = catalogues[language]?.[message] || message;
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  }

  /** Return the name of the browser's language data. */
  function locale() {
    return LOCALES[language] ?? language;
  }

  /** Return a whole number with its thousands set apart. */
  function whole(value) {
    return new Intl.NumberFormat(locale(), { maximumFractionDigits: 0 }).format(value);
  }

  /** Return seconds as minutes and seconds, or hours and minutes. */
  function duration(seconds) {
    const total = Math.round(Math.abs(seconds));
    const [h, m, s] = [Math.floor(total / 3600), Math.floor((total % 3600) / 60), total % 60];
    if (h) return t("{h} h {m} min", { h, m });
    if (m && !s) return t("{m} min", { m });
    return m ? t("{m} min {s} s", { m, s }) : t("{s} s", { s });
  }

  /** Return a length in metres as people read it. */
  function distance(metres) {
    const unit = metres >= 1000 ? "kilometer" : "meter";
    const format = new Intl.NumberFormat(locale(), { style: "unit", unit, maximumFractionDigits: 1 });
    return format.format(metres >= 1000 ? metres / 1000 : metres);
  }

  /** The scenario's own clock: moments in its time zone, whatever that of the reader is. */
  class Calendar {
    constructor(start) {
      const [, sign, hours, minutes] = /([+-])(\d\d):?(\d\d)(?::\d\d)?$/.exec(start) ?? [0, "+", 0, 0];
      const offset = (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -1 : 1);
      const zoned = /(Z|[+-]\d\d:?\d\d(:\d\d)?)$/.test(start);
      this.start = Date.parse(zoned ? start : `${start}Z`) + offset * 60_000;
    }

    #format(seconds, parts) {
      const format = new Intl.DateTimeFormat(locale(), { ...parts, timeZone: "UTC", hourCycle: "h23" });
      return format.format(new Date(this.start + Math.floor(seconds) * 1000));
    }

    /** Return the date and time of so many seconds from the start. */
    moment(seconds) {
      return `${this.date(seconds)} ${this.time(seconds)}`;
    }

    /** Return the date only. */
    date(seconds) {
      return this.#format(seconds, { year: "numeric", month: "short", day: "numeric", weekday: "short" });
    }

    /** Return the time of day only. */
    time(seconds) {
      return this.#format(seconds, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    }
  }

  /** Return a new element; names of users only ever become text. */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (name in element && name !== "list" && name !== "role") element[name] = value;
      else element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }

  /** Return a labelled choice among [value, text] pairs. */
  function choice(label, options, value, onchange) {
    const select = make("select", { "aria-label": label, onchange: () => onchange(select.value) });
    for (const [key, text] of options) select.append(make("option", { value: key }, text));
    select.value = value;
    return make("label", { className: "viewer-choice" }, make("span", {}, label), select);
  }

  /** Return a labelled box to tick. */
  function tick(label, checked, onchange) {
    const input = make("input", { type: "checkbox", checked, onchange: () => onchange(input.checked) });
    return make("label", { className: "viewer-tick" }, input, make("span", {}, label));
  }

  /** Change an element's text only where it differs, which spares the page's layout. */
  function setText(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  Object.assign(V, {
    learn, speak, t, whole, duration, distance, Calendar, make, choice, tick, setText,
  });
})();
