// An error, for a person. It shows what the error's one exit chose to tell, never a cause.
import type { FC } from 'hono/jsx'
import { Fill } from './fill.tsx'
import { Layout } from './layout.tsx'
import { texts } from './texts.ts'

export interface ErrorPageProps {
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly requestId: string
  readonly signInAgain?: boolean | undefined
}

export const ErrorPage: FC<ErrorPageProps> = ({ status, title, detail, requestId, signInAgain = false }) => (
  <Layout title={title}>
    <p class="eyebrow">
      <Fill text={texts.error.status} values={{ status }} />
    </p>
    <h1>
      <bdi>{title}</bdi>
    </h1>
    <p class="lead">
      <bdi>{detail === title ? (texts.error.advice[status] ?? texts.error.otherAdvice) : detail}</bdi>
    </p>
    {signInAgain ? (
      <a class="button primary" href="/sign-in">
        {texts.error.signIn}
      </a>
    ) : (
      <a class="button" href="/">
        {texts.error.home}
      </a>
    )}
    <p class="foot">
      <Fill text={texts.error.requestId} values={{ id: <code>{requestId}</code> }} />
    </p>
  </Layout>
)
