// The frame of every page for somebody who is signed in: signing out is offered on each of them (ASVS 7.4.4), in the
// corner of a wide page, below the one thing that a narrow page is about.
import type { FC } from 'hono/jsx'
import { Form } from './form.tsx'
import { Layout, type LayoutProps } from './layout.tsx'
import { texts } from './texts.ts'

type SignedInLayoutProps = Omit<LayoutProps, 'aside' | 'below'> & { readonly csrfToken: string }

export const SignedInLayout: FC<SignedInLayoutProps> = props => {
  const signOut = (
    <Form action="/sign-out" csrfToken={props.csrfToken}>
      <button type="submit" class="button">
        {texts.account.signOut}
      </button>
    </Form>
  )
  return <Layout {...props} {...(props.wide ? { aside: signOut } : { below: signOut })} />
}
