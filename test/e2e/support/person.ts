// A person with a browser, as far as pages without script ask for one: keeps cookies, follows redirects, types what the
// mail says, presses the button that is there.
import { findCode, type Mailbox } from '../../../src/cli/mailbox.ts'

const HOPS_MAX = 20

export interface Person {
  readonly email: string
  /** Goes there and does what the pages ask, until the browser leaves the service or there is nothing left to press. */
  visit(url: string, decision?: 'allow' | 'deny'): Promise<Visit>
}

export interface Visit {
  /** Where the browser ended: outside the service, nothing has been fetched. */
  readonly url: URL
  readonly html: string
}

interface Form {
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
  readonly html: string
}

export function createPerson(origin: string, mailbox: Mailbox, email: string): Person {
  const jar = new Map<string, string>()

  const send = async (url: URL, body?: URLSearchParams): Promise<Response> => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { cookie, ...(body === undefined ? {} : { origin }) }
    const response = await fetch(url, {
      redirect: 'manual',
      headers,
      ...(body === undefined ? {} : { method: 'POST', body }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/max-age=0/i.test(line)) jar.delete(name)
      else jar.set(name, value)
    }
    return response
  }

  const visit = async (from: string, decision: 'allow' | 'deny' = 'allow'): Promise<Visit> => {
    let url = new URL(from, origin)
    let body: URLSearchParams | undefined
    for (let hop = 0; hop < HOPS_MAX; hop++) {
      if (url.origin !== origin) return { url, html: '' }
      const response = await send(url, body)
      const location = response.headers.get('location')
      body = undefined
      if (location !== null) {
        await response.body?.cancel()
        url = new URL(location, url)
        continue
      }
      const html = await response.text()
      const next = await press(formsOf(html), decision)
      if (next === null) return { url, html }
      url = new URL(next.action, url)
      body = next.body
    }
    throw new Error(`no end of it: ${url}`)
  }

  const press = async (forms: readonly Form[], decision: string) => {
    const steps: readonly (readonly [string, (form: Form) => Promise<string>])[] = [
      ['email', async () => email],
      ['code', async () => findCode(await mailbox(email, mail => findCode(mail) !== null)) ?? ''],
      ['decision', async () => decision],
      ['user_code', async form => /name="user_code"[^>]* value="([^"]*)"/.exec(form.html)?.[1] ?? ''],
    ]
    for (const [name, value] of steps) {
      const form = forms.find(each => each.action.startsWith('/') && each.html.includes(` name="${name}"`))
      if (form === undefined) continue
      return { action: form.action, body: new URLSearchParams({ ...form.fields, [name]: await value(form) }) }
    }
    return null
  }

  return { email, visit }
}

/** The forms of a page, each with its hidden fields. */
export function formsOf(html: string): readonly Form[] {
  return [...html.matchAll(/<form [^>]*action="([^"]*)"[^>]*>(.*?)<\/form>/gs)].map(
    ([, action = '', inner = '']) => ({
      action: decode(action),
      html: inner,
      fields: Object.fromEntries(
        [...inner.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(
          ([, name = '', value = '']) => [name, decode(value)] as const,
        ),
      ),
    }),
  )
}

const decode = (text: string): string =>
  text.replace(
    /&(amp|lt|gt|quot|#39);/g,
    (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" })[name] ?? '',
  )
