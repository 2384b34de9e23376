// Text from outside that would like to be more, and what a page looks like that has let it.
import type { Page } from 'playwright-core'

/** What there is to read of it, wherever a name is shown, however short. */
export const SHOWN = '<script>window.ran=1</script>'
const MARKUP = `${SHOWN}<img src=x onerror=window.ran=1>`

/** Markup, out of its quotes, a text turned around, and 300 characters with nowhere to break. */
export const NASTY = `"'>\u202E${MARKUP}`.padEnd(300, 'W')

/** A User-Agent that brings the same. Headers are bytes: the turned text is left out. */
export const NASTY_USER_AGENT = `"'>${MARKUP}/1.0 (x; ${'W'.repeat(300)})`

/** Opens all that is closed, and answers everything that is wrong, in words; `shown` must be there to read. */
export async function faultsOf(page: Page, shown: string): Promise<string[]> {
  const faults = (await page.evaluate(`(() => {
    document.querySelectorAll('details').forEach(details => {
      details.removeAttribute('name')
      details.open = true
    })
    const faults = []
    const brought = document.querySelectorAll('img, iframe, object, embed, script:not([src^="/assets/"]), [onerror], [onload]')
    for (const each of brought) faults.push('brought in: ' + each.outerHTML.slice(0, 100))
    if ('ran' in window) faults.push('a script ran')
    const wide = document.documentElement.scrollWidth - innerWidth
    if (wide > 0) faults.push('scrolls sideways by ' + wide + ' px')
    if (!document.body.innerText.includes(${JSON.stringify(shown)})) faults.push('the text is not there')
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (texts.nextNode())
      if (/[\\u202A-\\u202E\\u2066-\\u2069]/.test(texts.currentNode.data) && !texts.currentNode.parentElement.closest('bdi, code'))
        faults.push('turns what stands around it: ' + texts.currentNode.data.slice(0, 100))
    return faults
  })()`)) as string[]
  return faults.map(fault => `${page.url().slice(0, 80)} ${fault}`)
}
