// What JSX becomes: text at once, escaped by hono/html. Of hono/jsx the pages use the types alone.
import { html, raw } from 'hono/html'
import type { Child } from 'hono/jsx'
import type { HtmlEscapedString } from 'hono/utils/html'

export type { JSX } from 'hono/jsx/jsx-runtime'

type Props = Readonly<Record<string, unknown>> & { readonly children?: Child }
type Component = (props: Props) => HtmlEscapedString

/** Elements that have no end tag (HTML, 13.1.2). */
const VOID = /^(area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)$/

export function jsx(type: string | Component, props: Props): HtmlEscapedString {
  if (typeof type === 'function') return type(props)
  const { children, ...attributes } = props
  const name = raw(type)
  const start = html`<${name}${Object.entries(attributes).map(attribute)}`
  return (VOID.test(type) ? html`${start}/>` : html`${start}>${children}</${name}>`) as HtmlEscapedString
}

export { jsx as jsxs, jsx as jsxDEV }

export const Fragment = ({ children }: Props): HtmlEscapedString => html`${children}` as HtmlEscapedString

/** Those that say true or false in words; any other is there or is not (HTML, 2.3.2 and 2.3.3). */
const IN_WORDS = /^(aria-.+|data-.+|contenteditable|draggable|focusable|spellcheck)$/

function attribute([name, value]: readonly [name: string, value: unknown]) {
  if (value === null || value === undefined) return null
  const isThereOrNot = typeof value === 'boolean' && !IN_WORDS.test(name)
  if (isThereOrNot) return value ? html` ${raw(name)}=""` : null
  return html` ${raw(name)}="${String(value)}"`
}
