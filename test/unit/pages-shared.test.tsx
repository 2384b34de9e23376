import { describe, expect, test } from 'vitest'
import { messageOf, texts } from '../../src/pages/texts.ts'
import { ASSETS } from '../assets.ts'
import { CSRF, HOSTILE, PAGES, pagesWith } from '../screenshots/samples.tsx'
import { all, decode, elements, fieldsOf } from './pages-html.ts'

const pages = Object.entries({ ...PAGES, ...pagesWith(HOSTILE) }).map(
  ([name, page]) => [name, String(page)] as const,
)

/** Without a form, and still for whoever asks by script. */
const ASKED_BY_SCRIPT = /^(wrong-browser|link-(used|expired|invalid)|open-in-app)/

describe.each(pages)('%s', (name, html) => {
  test('WB-02 every form is a POST with the anti-forgery token, to a path of this origin', () => {
    const forms = all(html, 'form')
    for (const form of forms) {
      expect(form.attributes.method).toBe('post')
      expect(form.attributes.action).toMatch(/^\/[a-z]/)
      expect(fieldsOf(form).csrf_token).toBe(CSRF)
    }
    const meta = all(html, 'meta').find(({ attributes }) => attributes.name === 'csrf-token')
    const hasToken = forms.length > 0 || ASKED_BY_SCRIPT.test(name)
    expect(meta?.attributes.content).toBe(hasToken ? CSRF : undefined)
  })

  test('WB-07 no inline script or style, no handler, no <base>', () => {
    for (const { tag, attributes, inner } of elements(html)) {
      expect(['style', 'base', 'iframe', 'object', 'embed']).not.toContain(tag)
      if (tag === 'script')
        expect([inner, attributes.src]).toEqual(['', expect.stringMatching(/^\/assets\//)])
      expect(Object.keys(attributes).filter(name => name === 'style' || name.startsWith('on'))).toEqual([])
    }
  })

  test('WB-11 names nothing of another origin, and only assets that exist', () => {
    for (const { attributes } of elements(html)) {
      for (const name of ['href', 'src', 'action', 'srcset', 'poster', 'data', 'formaction']) {
        const target = attributes[name]
        if (target === undefined) continue
        expect(target).toMatch(/^\/(?![/\\])/)
        if (target.startsWith('/assets/')) expect(ASSETS).toContain(target.slice(8))
      }
    }
  })

  test('has a language, a title, one main and one h1, and no level of heading left out', () => {
    expect(html.startsWith('<!DOCTYPE html>')).toBe(true)
    expect(all(html, 'html')[0]?.attributes).toMatchObject({ lang: 'en', dir: 'ltr' })
    expect(all(html, 'title')[0]?.text).not.toBe('')
    expect(all(html, 'main')).toHaveLength(1)
    expect(all(html, 'h1')).toHaveLength(1)
    const levels = elements(html).flatMap(({ tag }) => /^h([1-6])$/.exec(tag)?.[1] ?? [])
    levels.reduce((before, level) => {
      expect(Number(level)).toBeLessThanOrEqual(Number(before) + 1)
      return level
    }, '0')
  })

  test('every field has a label, every control a name, every reference a target, every id is unique', () => {
    const found = elements(html)
    const ids = found.flatMap(({ attributes }) => attributes.id ?? [])
    expect(new Set(ids).size).toBe(ids.length)
    const labels = all(html, 'label').map(({ attributes }) => attributes.for)
    for (const { tag, attributes, text } of found) {
      if (tag === 'input' && attributes.type !== 'hidden') expect(labels).toContain(attributes.id)
      if (['button', 'a', 'summary', 'h1', 'h2', 'h3', 'label'].includes(tag)) expect(text).not.toBe('')
      if (tag === 'svg') expect(attributes['aria-hidden']).toBe('true')
      const references = [attributes['aria-describedby'], attributes['aria-labelledby'], attributes.for]
      for (const id of references.flatMap(value => value?.split(' ') ?? [])) expect(ids).toContain(id)
    }
  })
})

describe('WB-10 text from outside', () => {
  const tagsOf = (page: unknown) => elements(String(page)).map(({ tag }) => tag)
  const quiet = pagesWith('a quiet name')

  test.each(Object.entries(pagesWith(HOSTILE)))(
    'adds no element to %s and comes out as text',
    (name, page) => {
      const html = String(page)
      expect(tagsOf(page)).toEqual(tagsOf(quiet[name]))
      expect(html).not.toContain('<script>alert')
      expect(decode(html)).toContain(HOSTILE.slice(0, 60))
    },
  )

  test.each(Object.entries(pagesWith('\u202Eevil')))('stays isolated in %s', (_, page) => {
    const visible = String(page)
      .replace(/^.*<body/s, '')
      .replace(/<(bdi|code)>[^<]*<\/\1>/g, '')
      .replace(/="[^"]*"/g, '')
    expect(visible).not.toContain('\u202E')
  })

  test.each(['constructor', '__proto__', 'toString'])(
    'a message %s is a text, not a member of an object',
    key => {
      expect(messageOf(texts.errors, key)).toBe(key)
    },
  )
})
