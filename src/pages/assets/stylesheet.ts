// The one style sheet: system fonts, colours as variables for light and dark, phone first. It names no other resource.

export const STYLESHEET = `:root {
  color-scheme: light dark;
  --page: #f4f2ed; --surface: #fffefb; --ink: #1b2426; --soft: #556064; --line: #dcd8ce; --edge: #7c8487;
  --accent: #0d5c63; --accent-ink: #fff; --accent-tint: #e3f0ef; --brass: #8a6116;
  --danger: #a3271c; --danger-ink: #fff; --danger-tint: #fbe9e6; --good: #1c7a4a; --focus: #0b57d0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12181a; --surface: #1a2224; --ink: #e9e6df; --soft: #a5b0b2; --line: #303a3d; --edge: #7f8b8e;
    --accent: #7fd0c8; --accent-ink: #06211f; --accent-tint: #17353a; --brass: #d9b15e;
    --danger: #ff9b8e; --danger-ink: #3a0a05; --danger-tint: #3b1e1b; --good: #6fd39d; --focus: #9cc2ff;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 1.25rem; min-height: 100vh; min-height: 100dvh;
  background: var(--page); color: var(--ink); overflow-wrap: anywhere;
  font: 1rem/1.5 system-ui, sans-serif;
}
h1, h2, h3, p, ul, ol, form, li { margin: 0; padding: 0; }
h1, h2, h3 { line-height: 1.2; text-wrap: balance; }
h1 { font-size: 1.75rem; font-weight: 650; letter-spacing: -0.02em; }
h2 { font-size: 1.125rem; font-weight: 650; }
.lead + .hint, .hint + .hint { margin-top: 0.75rem; }
.narrow main > h2 { margin-top: 1.5rem; }
h2 + .hint { margin-top: 0.25rem; }
.lead + h2, .notice + h2 { margin-top: 1.75rem; }
h3 { font-size: 1rem; font-weight: 600; }
a { color: var(--accent); text-underline-offset: 0.2em; }
code { font: 0.9375em ui-monospace, Consolas, monospace; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }

.top { display: flex; align-items: center; justify-content: space-between; gap: 1rem; min-height: 2.75rem; }
.brand { display: flex; align-items: center; gap: 0.5rem; font-weight: 600; letter-spacing: -0.01em; }
.mark, .arrival .device { color: var(--brass); flex: none; }
main { padding-block: 2rem; }
.lead { margin-top: 0.75rem; }
.hint, .eyebrow, .foot, .device-head div p { color: var(--soft); font-size: 0.9375rem; }
.eyebrow { margin-bottom: 0.5rem; }
.foot { margin-top: 2rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }
.below { display: flex; justify-content: center; padding-block: 1rem; }
.narrow .below .button { color: var(--soft); background: none; border-color: transparent; font-weight: 400; text-decoration: underline; }
.narrow .lead ~ form, .narrow .lead ~ .button { margin-top: 1.75rem; }
.narrow .button { display: block; width: 100%; }

.button {
  display: inline-block; min-height: 2.75rem; padding: 0.625rem 1rem; cursor: pointer; text-align: center;
  font: inherit; font-weight: 600; line-height: 1.375; text-decoration: none;
  color: var(--ink); background: var(--surface); border: 1px solid var(--edge); border-radius: 0.625rem;
}
.button:hover { border-color: var(--ink); }
.primary { color: var(--accent-ink); background: var(--accent); border-color: var(--accent); }
.danger { color: var(--danger-ink); background: var(--danger); border-color: var(--danger); }

.field label { display: block; font-weight: 600; }
.field input {
  display: block; width: 100%; min-height: 3rem; margin-top: 0.5rem; padding: 0.625rem 0.875rem;
  font: inherit; color: inherit; background: var(--surface); border: 1px solid var(--edge); border-radius: 0.625rem;
}
.field input[aria-invalid] { border: 2px solid var(--danger); }
.field .code { font: 600 1.375rem/1.4 ui-monospace, Consolas, monospace; letter-spacing: 0.12em; text-transform: uppercase; }
.field + .button { margin-top: 1rem; }
.error { margin-top: 0.5rem; padding: 0.625rem 0.875rem; color: var(--danger); background: var(--danger-tint); border-radius: 0.625rem; font-weight: 500; }
.notice { margin-top: 1.25rem; padding: 0.75rem 1rem; background: var(--accent-tint); border-radius: 0.625rem; }
.after { display: grid; gap: 0.75rem; margin-top: 2rem; }
.steps { display: grid; gap: 0.5rem; margin-block: 1.25rem; padding-inline-start: 1.5rem; font-weight: 600; }
.steps li { padding-inline-start: 0.25rem; }

section { margin-top: 2.5rem; }
.ended > *, .ended > .card.alone, .arrival ~ .card.alone { margin-top: 0.5rem; }
.cards { list-style: none; display: grid; gap: 0.75rem; margin-top: 0.75rem; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 0.875rem; }
.card.alone { display: grid; grid-template-columns: auto 1fr; gap: 0 1rem; margin-top: 1.75rem; padding: 1.125rem; }
.card.current { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
.arrival { border: 2px solid var(--brass); }
.answers { grid-column: 1 / -1; }
.answers form { flex: 1 0 auto; max-width: 20rem; }
.answers .button { width: 100%; }
.moved { pointer-events: none; }
.device { color: var(--soft); flex: none; }
.current .device { color: var(--accent); }
.devices { display: grid; gap: 1rem; margin-top: 1.75rem; }
.device-head { display: flex; align-items: center; flex-wrap: wrap; gap: 0.25rem 0.875rem; padding: 1rem 1.125rem; }
.device-head > div { flex: 1; min-width: 9rem; }
.device-head .badge { margin-inline-start: 2.375rem; }
.device-card > .confirm { padding: 0 1.125rem 1.125rem; }
.rows { list-style: none; padding: 0; }
.row { position: relative; padding: 0.875rem 1.125rem; border-top: 1px solid var(--line); }
.card.rows { margin-top: 0.75rem; }
.lead + .card, .ended + .lead { margin-top: 1.25rem; }
.card.rows > .row:first-child { border-top: 0; }
.facts { min-width: 0; }
.facts p { margin-top: 0.1875rem; }
.facts .hint, .log .hint { margin-top: 0.25rem; font-size: 0.875rem; }
.row .facts::before, .app .facts::before { content: ''; float: right; float: inline-end; width: 5.5rem; height: 2.5rem; }
.current .row .facts::before { content: none; }
.badge { width: fit-content; padding: 0.0625rem 0.625rem; font-size: 0.8125rem; font-weight: 600; color: var(--accent); background: var(--accent-tint); border: 1px solid transparent; border-radius: 1rem; }
.active { color: var(--good); font-weight: 600; }
.active::before { content: ''; display: inline-block; width: 0.5rem; height: 0.5rem; margin-inline-end: 0.5rem; background: currentColor; border-radius: 50%; }
.worrying { box-shadow: inset 4px 0 0 var(--danger); }
.more { margin-top: 0.75rem; }
.pager, .answers, .ways { display: flex; flex-wrap: wrap; gap: 0.75rem; margin-top: 1.25rem; }
.choices { display: grid; gap: 1.25rem; justify-items: start; margin-top: 0.75rem; padding: 1.125rem; }
.choice { display: grid; grid-template-columns: auto 1fr; align-items: center; column-gap: 0.75rem; }
.choice input { width: 1.375rem; height: 1.375rem; margin: 0.6875rem 0; accent-color: var(--accent); }
.choice label { padding-block: 0.625rem; font-weight: 600; cursor: pointer; }
.choice .hint { grid-column: 2; }
fieldset { min-width: 0; margin: 0; padding: 0; border: 0; }
legend { padding: 0; font-weight: 600; }
fieldset .choice label { font-weight: 400; }

.confirm > summary { list-style: none; }
.confirm > summary::-webkit-details-marker { display: none; }
.confirm[open] .when-closed, .confirm:not([open]) .when-open { display: none; }
.confirm > form { display: grid; gap: 0.875rem; justify-items: start; margin-top: 1rem; padding: 1rem; background: var(--danger-tint); border-radius: 0.625rem; }
.row summary, .app summary { position: absolute; inset-block-start: 0.75rem; inset-inline-end: 0.75rem; min-width: 4.75rem; }
.app { position: relative; padding: 1.125rem; }
.app summary { min-width: 7rem; }
.app .facts::before { width: 9rem; }
.scopes { display: grid; gap: 0.25rem; margin-block: 0.5rem; padding-inline-start: 1.25rem; }
.everywhere .confirm { margin-top: 0.75rem; }
.everywhere { padding-top: 1.5rem; border-top: 1px solid var(--line); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.narrow { max-width: 28rem; }
.wide { max-width: 46rem; }
@media (min-width: 40rem) {
  body { padding: 2rem; }
  .device-head .badge { margin: 0; }
  .narrow main { margin-top: 8vh; padding: 2.5rem; background: var(--surface); border: 1px solid var(--line); border-radius: 1.25rem; }
  .narrow { max-width: 32rem; }
}
`
