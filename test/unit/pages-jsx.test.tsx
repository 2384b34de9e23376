import { raw } from 'hono/html'
import type { FC } from 'hono/jsx'
import { expect, test } from 'vitest'

const HOSTILE = `"'><script>&lt;`
const ESCAPED = '&quot;&#39;&gt;&lt;script&gt;&amp;lt;'

const Boxed: FC<{ name: string; children?: unknown }> = ({ name, children }) => (
  <p title={name}>{children as string}</p>
)

test.each([
  ['text', <b>{HOSTILE}</b>, `<b>${ESCAPED}</b>`],
  ['an attribute', <b title={HOSTILE} />, `<b title="${ESCAPED}"></b>`],
  ['texts in lists', <b>{[[HOSTILE], HOSTILE]}</b>, `<b>${ESCAPED}${ESCAPED}</b>`],
  ['a component’s', <Boxed name={HOSTILE}>{HOSTILE}</Boxed>, `<p title="${ESCAPED}">${ESCAPED}</p>`],
  [
    'a fragment’s',
    <>
      {HOSTILE}
      {HOSTILE}
    </>,
    `${ESCAPED}${ESCAPED}`,
  ],
  ['what is no text', <b>{{ toString: () => HOSTILE } as never}</b>, `<b>${ESCAPED}</b>`],
])('WB-10: %s is escaped once', (_, element, html) => {
  expect(String(element)).toBe(html)
  expect(String(<i>{element}</i>)).toBe(`<i>${html}</i>`)
})

test('markup of ours is left as it is', () => {
  expect(String(<b>{raw('<!-- -->')}</b>)).toBe('<b><!-- --></b>')
})

test('nothing is written for nothing, and 0 is something', () => {
  const nothing = { title: undefined, id: null } as object
  expect(String(<b {...nothing}>{[null, undefined, true, false, '', 0]}</b>)).toBe('<b>0</b>')
})

test('an attribute is there or not, or says true or false', () => {
  expect(String(<input disabled required={false} />)).toBe('<input disabled=""/>')
  expect(String(<b aria-busy={false} data-live={true} spellcheck={false} />)).toBe(
    '<b aria-busy="false" data-live="true" spellcheck="false"></b>',
  )
})
