// axe-core in a page: what it finds wrong for people with a screen reader, a keyboard, or little sight.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults, RunOptions } from 'axe-core'
import type { Page } from 'playwright-core'

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** WCAG 2.2, levels A and AA, and what axe holds to be good beyond it. */
export const EVERY_RULE: RunOptions = {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
}

/** The rules whose answer can change with the colours and the size of the window. */
export const LOOKS: RunOptions = { runOnly: { type: 'rule', values: ['color-contrast', 'target-size'] } }

/** Once per document, before `violationsIn`. Scripts that a debugger brings are not under the page's policy. */
export const loadAxe = (page: Page): Promise<unknown> => page.evaluate(SOURCE)

/** Everything that is wrong, of whatever impact, each with the element. */
export async function violationsIn(page: Page, options: RunOptions): Promise<string[]> {
  const run = { ...options, resultTypes: ['violations'] }
  const { violations } = (await page.evaluate(`axe.run(${JSON.stringify(run)})`)) as AxeResults
  return violations.flatMap(({ id, impact, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id} (${impact}): ${html.slice(0, 200)}\n${failureSummary}`),
  )
}
