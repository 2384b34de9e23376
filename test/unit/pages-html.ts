// Reads what the pages render: well-formed tags with quoted attributes, text with escaped markup.

export interface Element {
  readonly tag: string
  readonly attributes: Readonly<Record<string, string>>
  /** All text inside, decoded, white space folded. */
  readonly text: string
  /** Everything inside, as it was written. */
  readonly inner: string
}

const TAG = /<(\/?)([a-z][a-z0-9-]*)((?:\s+[A-Za-z-]+="[^"]*")*)\s*(\/?)>/g
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' }

export const decode = (text: string): string =>
  text.replace(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => ENTITIES[name] ?? '')

const textOf = (html: string): string => decode(html.replace(TAG, '')).replace(/\s+/g, ' ').trim()

/** Every element, in order. Throws where a `<` starts no tag: then something was not escaped. */
export function elements(html: string): readonly Element[] {
  const body = html.replace('<!DOCTYPE html>', '')
  if (body.replace(TAG, '').includes('<')) throw new Error('a < that starts no tag')
  return [...body.matchAll(TAG)]
    .filter(([, closing]) => closing === '')
    .map(match => {
      const [whole, , tag = '', attributes = '', selfClosing] = match
      const start = match.index + whole.length
      const inner = selfClosing === '/' ? '' : body.slice(start, endOf(body, tag, start))
      return { tag, attributes: attributesOf(attributes), text: textOf(inner), inner }
    })
}

function endOf(html: string, tag: string, start: number): number {
  let depth = 1
  for (const match of html.slice(start).matchAll(TAG)) {
    const [, closing, name, , selfClosing] = match
    if (name !== tag || selfClosing === '/') continue
    depth += closing === '' ? 1 : -1
    if (depth === 0) return start + match.index
  }
  return html.length
}

const attributesOf = (source: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...source.matchAll(/([A-Za-z-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, decode(value)]),
  )

export const all = (html: string, tag: string): readonly Element[] =>
  elements(html).filter(element => element.tag === tag)

/** The hidden and visible fields of a form, by name. */
export const fieldsOf = (form: Element): Readonly<Record<string, string>> =>
  Object.fromEntries(
    all(form.inner, 'input').map(({ attributes }) => [attributes.name ?? '', attributes.value ?? '']),
  )
