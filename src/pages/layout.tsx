// The frame of every page: head, brand, one <main>. It holds no inline script or style and names no other origin.
import { raw } from 'hono/html'
import type { Child, FC } from 'hono/jsx'
import { Mark } from './icons.tsx'
import { texts } from './texts.ts'

export interface LayoutProps {
  readonly title: string
  /** Needed by every page with a form. */
  readonly csrfToken?: string
  readonly wide?: boolean
  /** File names in assets/. */
  readonly scripts?: readonly string[]
  /** One more, beside the style of all pages. */
  readonly stylesheet?: string
  /** What stands beside the brand. */
  readonly aside?: Child
  /** What stands below everything else. */
  readonly below?: Child
  readonly children?: Child
}

export const Layout: FC<LayoutProps> = ({
  title,
  csrfToken,
  wide = false,
  scripts = [],
  stylesheet,
  aside,
  below,
  children,
}) => (
  <>
    {raw('<!DOCTYPE html>')}
    <html lang={texts.language} dir={texts.direction}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <meta name="format-detection" content="telephone=no, date=no, address=no, email=no" />
        {csrfToken !== undefined && <meta name="csrf-token" content={csrfToken} />}
        <title>{`${title} · ${texts.brand}`}</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/latchkey.css" />
        {stylesheet !== undefined && <link rel="stylesheet" href={`/assets/${stylesheet}`} />}
        {csrfToken !== undefined && <script src="/assets/forms.js" type="module" />}
        {scripts.map(name => (
          <script src={`/assets/${name}`} type="module" />
        ))}
      </head>
      <body class={wide ? 'wide' : 'narrow'}>
        <header class="top">
          <p class="brand">
            <Mark />
            {texts.brand}
          </p>
          {aside}
        </header>
        <main>{children}</main>
        {below !== undefined && <footer class="below">{below}</footer>}
      </body>
    </html>
  </>
)
