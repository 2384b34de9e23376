// A page as the keyboard goes through it, and as it is read out.
import type { Page } from 'playwright-core'

/** What has the focus. */
export interface Stop {
  /** Its place among all that can have it, in the document. */
  readonly at: number
  readonly text: string
  readonly top: number
  readonly left: number
  readonly bottom: number
  readonly isInView: boolean
  /** In pixels; 0 where the browser draws nothing that can be seen. */
  readonly outline: number
}

/** One stop for each group of radio buttons; hidden fields and what is closed away are none. */
const CONTROLS = `[...document.querySelectorAll('a[href], button, summary, input:not([type=hidden])')]
  .filter(each => each.checkVisibility() && !(each.type === 'radio' && !each.checked))`

export const controlsOf = async (page: Page): Promise<number> =>
  Number(await page.evaluate(`${CONTROLS}.length`))

/** Presses Tab until the focus leaves the page. */
export async function tabThrough(page: Page, most: number): Promise<Stop[]> {
  const stops: Stop[] = []
  while (stops.length <= most) {
    await page.keyboard.press('Tab')
    const stop = (await page.evaluate(`(() => {
      const focused = document.activeElement
      if (focused === document.body) return null
      const { top, left, bottom } = focused.getBoundingClientRect()
      const style = getComputedStyle(focused)
      const isDrawn = style.outlineStyle !== 'none' && !style.outlineColor.endsWith(', 0)')
      return {
        at: ${CONTROLS}.indexOf(focused),
        text: focused.innerText || focused.name,
        top: top + scrollY, left: left + scrollX, bottom: bottom + scrollY,
        isInView: top > -1 && bottom < innerHeight + 1,
        outline: isDrawn ? parseFloat(style.outlineWidth) : 0,
      }
    })()`)) as Stop | null
    if (stop === null) return stops
    stops.push(stop)
  }
  return stops
}

export interface Announced {
  readonly name: string
  readonly description: string
  readonly expanded: boolean | undefined
}

interface AxNode {
  readonly name?: { readonly value: string }
  readonly description?: { readonly value: string }
  readonly properties?: readonly { readonly name: string; readonly value: { readonly value: unknown } }[]
}

/** What a screen reader is told about what has the focus, as the browser computes it. */
export async function announced(page: Page): Promise<Announced> {
  const session = await page.context().newCDPSession(page)
  const { nodes } = (await session.send('Accessibility.getFullAXTree')) as { nodes: readonly AxNode[] }
  await session.detach()
  const property = (node: AxNode, name: string) =>
    node.properties?.find(each => each.name === name)?.value.value
  const focused = nodes.findLast(node => property(node, 'focused') === true)
  return {
    name: (focused?.name?.value ?? '').replaceAll(/\s+/g, ' ').trim(),
    description: (focused?.description?.value ?? '').replaceAll(/\s+/g, ' ').trim(),
    expanded: focused === undefined ? undefined : (property(focused, 'expanded') as boolean | undefined),
  }
}
