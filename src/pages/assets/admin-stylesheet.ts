// What the operator's page has beside the style of all: plots, and tables of figures.

export const ADMIN_STYLESHEET = `.plots { display: grid; gap: 0.75rem; margin-top: 0.75rem; }
.plot { display: flex; flex-direction: column; margin: 0; padding: 1rem 1.125rem; }
.plot figcaption { flex: 1; }
.plot .most { margin-top: 0.75rem; color: var(--soft); font-size: 0.875rem; border-bottom: 1px dashed var(--line); }
.plot svg { display: block; width: 100%; height: 6rem; fill: var(--accent); border-bottom: 1px solid var(--edge); }
.marks { display: flex; justify-content: space-between; color: var(--soft); font-size: 0.875rem; }
details.more summary { min-height: 2.75rem; padding-block: 0.625rem; cursor: pointer; }
.sheet { position: relative; margin-top: 0.75rem; overflow-x: auto; }
table { width: 100%; border-spacing: 0; overflow-wrap: normal; font-size: 0.9375rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.375rem 0.5rem; text-align: end; border-top: 1px solid var(--line); font-weight: 400; }
thead th { border: 0; color: var(--soft); font-size: 0.875rem; vertical-align: bottom; }
th:first-child { padding-inline-start: 1.125rem; text-align: start; }
td { white-space: nowrap; }
tr > :last-child { padding-inline-end: 1.125rem; }
dl { margin: 0.75rem 0 0; }
dl .row:first-child { border-top: 0; }
dt { color: var(--soft); font-size: 0.9375rem; }
dd { margin: 0; }
@media (min-width: 40rem) {
  .plots { grid-template-columns: 1fr 1fr; }
}
`
