// The icon of a browser tab: the mark of the pages on its colour.

export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="8" fill="#0d5c63"/>
<g fill="none" stroke="#fff" stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round">
<circle cx="12" cy="12" r="5"/><path d="m15.5 15.5 9 9M19.5 19.5l3-3M22.5 22.5l3-3"/>
</g>
</svg>
`
