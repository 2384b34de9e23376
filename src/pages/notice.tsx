// One sentence on what has been done, or on why somebody is here; announced.
import type { FC } from 'hono/jsx'
import { messageOf, texts } from './texts.ts'

interface NoticeProps {
  /** A key of `texts.notices`, or a text. */
  readonly notice: string | undefined
}

export const Notice: FC<NoticeProps> = ({ notice }) =>
  notice === undefined ? null : (
    <p class="notice" role="status">
      <bdi>{messageOf(texts.notices, notice)}</bdi>
    </p>
  )
