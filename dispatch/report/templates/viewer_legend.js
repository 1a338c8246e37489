/* What the colours and symbols of the map mean, and what a reader must know of it. */
(() => {
  "use strict";
  const V = (window.dispatchViewer ??= {});
  const t = (message, values) => V.t(message, values);

  function key(icon, text) {
    return V.make("span", { className: "viewer-key" }, icon, text);
  }

  function swatch({ colour, width = 6, dashes = [] }) {
    return V.symbols.icon((pen, x, y) => {
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.setLineDash(dashes);
      pen.beginPath();
      pen.moveTo(x - 10, y);
      pen.lineTo(x + 10, y);
      pen.stroke();
    });
  }

  /** Return the legend as rows of elements. */
  function legend(viewer) {
    const theme = viewer.themes.theme(viewer.theme, viewer.layout);
    const keys = theme.entries.map((entry) => key(swatch(entry), entry.text));
    if (theme.name === "roads") keys.sort(byWidth(theme.entries, keys));
    const changes = [...new Set(viewer.stations().map((station) => station.change))].sort();
    const stations = changes.map((change) =>
      key(
        V.symbols.icon((pen, x, y) => V.symbols.station(pen, x, y, change, viewer.colours.stations[change]), 24),
        change ? `${t("Station")}: ${viewer.changeWord(change)}` : t("Station"),
      ),
    );
    const rows = [V.make("div", {}, V.make("b", {}, theme.title), ...keys, ...stations)];
    if (viewer.playback) rows.push(moverLegend(viewer));
    return rows;
  }

  /** Great roads come first. */
  function byWidth(entries, keys) {
    const widths = new Map(keys.map((one, i) => [one, entries[i].width ?? 0]));
    return (a, b) => widths.get(b) - widths.get(a);
  }

  /** Only what occurs in the playback is explained. */
  function moverLegend(viewer) {
    const { playback } = viewer;
    const found = new Map();
    for (const { states, isTruck } of playback.movers) {
      for (const [, status] of states) found.set(`${isTruck} ${status}`, [isTruck, status]);
    }
    const units = [...found.values()]
      .sort((a, b) => a[0] - b[0] || a[1] - b[1])
      .map(([isTruck, status]) => [isTruck, playback.packed.statuses[status] ?? ""])
      .filter(([, word]) => !V.symbols.isAtHome(word))
      .map(([isTruck, word]) => {
        const text = isTruck ? t("truck {status}", { status: t(word) }) : t(word);
        return key(viewer.moverIcon(word, isTruck), text);
      });
    const calls = ["waiting", "sent", "attended"].map((name) => key(viewer.callIcon(name), viewer.progressWord(name)));
    return V.make("div", { className: "viewer-moving" }, V.make("b", {}, t("Units and calls")), ...units, ...calls);
  }

  /** Return sentences about what is drawn, left out or approximate. */
  function notes(viewer) {
    const { land } = viewer;
    const { calls, reference } = land.payload;
    const titleOf = (layout) => land.layout(layout)?.title ?? layout;
    const found = [];
    if (!land.roads) found.push(t("This network is a table of travel times: it has places, but no roads to draw."));
    if (viewer.theme === "change") found.push(t("Compared with layout {layout}.", { layout: titleOf(reference) }));
    if (calls && viewer.toggles.calls) {
      const values = {
        drawn: V.whole(calls.dx.length), total: V.whole(calls.total), replication: calls.replication, layout: titleOf(calls.layout),
      };
      found.push(t("{drawn} of {total} calls of replication {replication} are drawn (layout {layout}); their colours are those of the time to the first unit on scene.", values));
    }
    if (viewer.playbacks.length && !viewer.playback) found.push(t("There is no playback of this layout."));
    return [...found, ...playbackNotes(viewer.playback)];
  }

  function playbackNotes(playback) {
    if (!playback) return [];
    const { calls, all_calls: allCalls, notices, all_notices: allNotices, replication } = playback.packed;
    const values = { replication, shown: V.whole(calls.length), total: V.whole(allCalls) };
    const found = [t("Playback of replication {replication}: {shown} of {total} calls of this stretch are played.", values)];
    if (notices.length < allNotices) {
      const told = { shown: V.whole(notices.length), total: V.whole(allNotices) };
      found.push(t("{shown} of {total} notices are shown.", told));
    }
    return found;
  }

  Object.assign(V, { legend, notes });
})();
