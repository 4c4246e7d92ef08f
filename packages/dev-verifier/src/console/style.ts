/*
 * How the page looks: light and dark by the system's setting, from small screens up.
 */

/** The style sheet of the page. */
export const STYLE = `:root {
  color-scheme: light dark;
  --page: light-dark(#f6f7f9, #12161c);
  --card: light-dark(#ffffff, #1a2029);
  --line: light-dark(#d5dae1, #333c49);
  --text: light-dark(#1b2430, #e6eaf0);
  --quiet: light-dark(#55606e, #a3afbd);
  --accent: light-dark(#0b5cad, #7db8f5);
  --on-accent: light-dark(#ffffff, #0d1620);
  --good: light-dark(#176b3a, #6fd394);
  --bad: light-dark(#a8201a, #ff9a8f);
  --code: light-dark(#eef1f5, #10151c);
}
* { box-sizing: border-box }
html { scroll-padding-top: 1rem; scrollbar-gutter: stable }
body {
  margin: 0 auto;
  padding: 0 1rem 4rem;
  max-width: 72rem;
  background: var(--page);
  color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif;
}
header { padding: 1.5rem 0 0.5rem }
h1 { margin: 0; font-size: 1.6rem; letter-spacing: -0.02em }
h2 { margin: 0 0 0.5rem; font-size: 1.15rem }
h4 { margin: 0.5rem 0 0.25rem; font-size: 0.9rem }
p { margin: 0.4rem 0 }
nav { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; margin-top: 0.75rem }
a { color: var(--accent) }
.quiet { color: var(--quiet) }
.hidden, .skip:not(:focus) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
main { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr) }
main:focus { outline: none }
main > section {
  padding: 1rem 1.25rem 1.25rem;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: 0.6rem;
}
label { display: block; margin-top: 0.6rem; font-size: 0.9rem; color: var(--quiet) }
input, select, textarea {
  width: 100%;
  padding: 0.45rem 0.6rem;
  font: inherit;
  color: inherit;
  background: var(--code);
  border: 1px solid var(--quiet);
  border-radius: 0.35rem;
}
::placeholder { color: var(--quiet); opacity: 1 }
textarea, pre, code { font-family: ui-monospace, monospace; font-size: 0.85rem }
button {
  padding: 0.45rem 0.9rem;
  font: inherit;
  font-weight: 600;
  color: var(--on-accent);
  background: var(--accent);
  border: 0;
  border-radius: 0.35rem;
  cursor: pointer;
}
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.row { display: grid; gap: 0 1rem; grid-template-columns: repeat(auto-fit, minmax(min(14rem, 100%), 1fr)) }
.row > form { display: flex; flex-direction: column }
.row > form > .actions { margin-top: auto; padding-top: 0.6rem }
.actions { margin-top: 0.8rem }
pre {
  margin: 0;
  padding: 0.6rem 0.75rem;
  max-height: 24rem;
  overflow: auto;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
  background: var(--code);
  border: 1px solid var(--line);
  border-radius: 0.35rem;
}
code { overflow-wrap: anywhere }
.copyable { display: grid; grid-template-columns: minmax(0, 1fr) 5.5rem; gap: 0.5rem; align-items: start }
.copyable button { padding: 0.45rem 0 }
.curl, .token { margin-top: 0.6rem; font-size: 0.9rem }
summary { color: var(--quiet); cursor: pointer }
.output { margin-top: 0.75rem; min-height: 3rem }
[aria-busy='true'] { opacity: 0.6 }
.sides { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)) }
.alert { padding: 0.6rem 0.75rem; border: 1px solid var(--bad); border-radius: 0.35rem; color: var(--bad) }
.accepted strong, .passed > .sign, .step.passed { color: var(--good) }
.refused strong, .failed > .sign, .step.failed { color: var(--bad) }
.checks, .feed { margin: 0; padding: 0; list-style: none }
.checks li { display: grid; grid-template-columns: 1.5rem minmax(0, 1fr); padding: 0.25rem 0; overflow-wrap: anywhere }
.checks .sign { font-weight: 700 }
.feed {
  height: 16rem;
  overflow: auto;
  margin-top: 0.75rem;
  border: 1px solid var(--line);
  border-radius: 0.35rem;
  background: var(--code);
}
.feed:empty::before { content: 'Nothing yet.'; display: block; padding: 0.6rem 0.75rem; color: var(--quiet) }
.feed li {
  display: grid;
  grid-template-columns: 5rem minmax(0, 1fr);
  padding: 0.5rem 0.75rem;
  border-bottom: 1px solid var(--line);
  border-left: 4px solid var(--good);
  overflow-wrap: anywhere;
}
.feed li.failed { border-left-color: var(--bad) }
.feed time { color: var(--quiet); font-variant-numeric: tabular-nums }
.step { display: inline-block; margin-right: 0.6rem; color: var(--quiet) }
dl { display: grid; grid-template-columns: 9rem minmax(0, 1fr); gap: 0.15rem 0.5rem; margin: 1rem 0 0; min-height: 6rem }
dt { grid-column: 1; color: var(--quiet) }
dd { grid-column: 2; margin: 0; overflow-wrap: anywhere }
dt + dd { grid-row: auto }
@media (max-width: 34rem) {
  body { padding: 0 0.6rem 3rem }
  main > section { padding: 0.8rem }
  .feed li, dl { grid-template-columns: minmax(0, 1fr) }
  dd { grid-column: 1 }
  .copyable { grid-template-columns: minmax(0, 1fr) }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth } }
`
