/* The colours of the map: those that the report shares with its layers for other programs, and those of calls. */
(() => {
  "use strict";
  const V = (window.dispatchViewer ??= {});
  const CALLS = { handled: "#8b1a6b", waiting: "#c2003c", sent: "#b34700", attended: "#1f4f9f" };
  const OTHER = "#4f5b66";

  /** Return the palette from the constants of the report; a limit of nothing stands for all above. */
  V.palette = (shared) => ({
    firstDue: {
      limits: shared.FIRST_DUE.filter(([limit]) => limit !== null),
      over: shared.FIRST_DUE.find(([limit]) => limit === null)[1],
      never: shared.NEVER,
    },
    change: shared.CHANGE,
    risk: { ...shared.RISK, "": shared.NO_RISK },
    status: { other: OTHER, ...shared.STATUS },
    calls: CALLS,
    stations: shared.STATION,
    sites: shared.SITE,
  });
})();
