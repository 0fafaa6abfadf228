--- Style: how the report looks, on light and dark screens and on paper.

-- No < and & in it, so that the page is XML as well.
return [[
:root { color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1b1f27; --soft: #5c6676; --line: #e3e7ed; --track: #eef1f5;
  --good: #15803d; --good-card: #e8f6ed; --bad: #b42318; --bad-card: #fdecea; --warn: #a15c07;
  --warn-card: #fdf3dc;
  --blue: #2563eb; --orange: #d9730d; --pink: #c11574; --teal: #0e8a7d; }
@media screen and (prefers-color-scheme: dark) { :root {
  --page: #0e1116; --card: #161b22; --ink: #e6eaf0; --soft: #98a3b3; --line: #2a313c; --track: #202732;
  --good: #4ade80; --good-card: #12301f; --bad: #ff8a7d; --bad-card: #3b1714; --warn: #fbc34d;
  --warn-card: #36290c;
  --blue: #6ea8fe; --orange: #ffa657; --pink: #ff7ac0; --teal: #4fd1c2; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 32px 20px 48px; }
code { font: 0.92em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
h1 { font-size: 26px; line-height: 1.2; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 17px; margin: 36px 0 12px; }
h2:has(+ .note) { margin-bottom: 2px; }
.note { margin-bottom: 12px; }
h3 { font-size: 14px; font-weight: 600; margin: 0; overflow-wrap: anywhere; }
p { margin: 0; }
.heading { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 14px; margin-bottom: 10px; }
.verdict { padding: 3px 12px; border-radius: 99px; font-weight: 600; font-size: 14px;
  color: var(--bad); background: var(--bad-card); }
.verdict.passed { color: var(--good); background: var(--good-card); }
.verdict.interrupted { color: var(--warn); background: var(--warn-card); }
.uri { overflow-wrap: anywhere; }
.origin, .name, .more, .words, .measured, .note { color: var(--soft); font-size: 13px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 12px;
  margin-top: 22px; }
.tile, figure, .scroll, .thresholds, .stories { background: var(--card); border: 1px solid var(--line);
  border-radius: 10px; }
.tile { padding: 12px 16px; display: flex; flex-direction: column; }
.value { font-size: 21px; font-weight: 600; line-height: 1.35; font-variant-numeric: tabular-nums; }
.thresholds { list-style: none; margin: 0; padding: 4px 16px; }
.thresholds li { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 10px; padding: 8px 0; }
.thresholds li + li { border-top: 1px solid var(--line); }
.thresholds code { overflow-wrap: anywhere; }
.outcome { margin-left: auto; font-weight: 600; font-size: 13px; }
.mark { font-weight: 700; }
.held .mark, .held .outcome { color: var(--good); }
.missed .mark, .missed .outcome, .bad { color: var(--bad); }
.stories { list-style: none; margin: 0 0 12px; padding: 6px 16px; }
.stories li { padding: 8px 0; }
.stories li + li { border-top: 1px solid var(--line); }
pre { margin: 4px 0 0; color: var(--soft); white-space: pre-wrap; overflow-wrap: anywhere;
  font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 8px 12px; white-space: nowrap; font-size: 14px; }
th { color: var(--soft); font-weight: 500; font-size: 12.5px; }
td { border-top: 1px solid var(--line); }
td:first-child, th:first-child { padding-left: 16px; }
td:first-child { max-width: 260px; overflow: hidden; text-overflow: ellipsis; }
.number { text-align: right; }
.errors td:nth-child(2), .errors th:nth-child(2) { text-align: left; white-space: normal;
  overflow-wrap: anywhere; }
.range { width: 150px; height: 16px; display: inline-block; vertical-align: middle; }
.track { stroke: var(--track); stroke-width: 8; stroke-linecap: round; }
.whisker { stroke: var(--blue); stroke-width: 1.5; opacity: 0.65; }
.span { fill: var(--blue); }
.charts { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 12px; }
.wide { grid-column: 1 / -1; }
figure { margin: 0; padding: 12px 12px 6px; min-width: 0; }
figcaption { display: flex; justify-content: space-between; align-items: baseline; gap: 10px;
  padding: 0 4px 4px; }
figcaption h3 { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.words { font-variant-numeric: tabular-nums; white-space: nowrap; }
figure svg { display: block; width: 100%; height: auto; overflow: visible; }
.grid { stroke: var(--line); stroke-width: 1; }
.tick { fill: var(--soft); font-size: 11px; font-variant-numeric: tabular-nums; }
.end { text-anchor: end; } .middle { text-anchor: middle; }
.line { fill: none; stroke-width: 1.75; stroke-linejoin: round; stroke-linecap: round;
  stroke: currentColor; }
.area { fill: currentColor; opacity: 0.12; stroke: none; }
.bar { fill: currentColor; stroke: none; }
.dot { fill: currentColor; stroke: var(--card); stroke-width: 1.5; }
.rate, .p50 { color: var(--blue); } .p95 { color: var(--orange); } .p99 { color: var(--pink); }
.vus { color: var(--teal); } .errors.bar { color: var(--bad); }
.key { margin-left: 12px; } .key::before { content: ""; display: inline-block; width: 12px; height: 3px;
  border-radius: 2px; margin: 0 6px 3px 0; background: currentColor; }
.cursor { stroke: var(--soft); stroke-width: 1; visibility: hidden; }
.cursor.on { visibility: visible; }
@media screen and (max-width: 860px) { .charts { grid-template-columns: minmax(0, 1fr); }
  .wide { overflow-x: auto; } .wide svg { min-width: 860px; }
  .wide figcaption { position: sticky; left: 0; } }
@media print { :root { --page: #ffffff; }
  main { padding: 0; max-width: none; } h1 { font-size: 20px; } h2 { font-size: 14px; margin: 20px 0 8px; }
  body { font-size: 11px; } th, td { font-size: 9.5px; padding: 4px 5px; } .value { font-size: 14px; }
  .tile { padding: 8px 10px; } .tiles { grid-template-columns: repeat(6, 1fr); gap: 8px; }
  .scroll, .wide { overflow: visible; } .range { width: 80px; } .note { margin-bottom: 6px; }
  figure { padding: 6px; } .charts { gap: 8px; } h3 { font-size: 11px; }
  .origin, .name, .more, .words, .measured, .note, .outcome, .verdict, pre { font-size: 10px; }
  .tile, figure, tr, .thresholds li, .stories li { break-inside: avoid; }
  h2, h2 + .note { break-after: avoid; }
  .verdict, .key::before, .track { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
]]
