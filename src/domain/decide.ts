// The rules of a user's sessions: given the state and a command, which events follow. Pure.
import type {
  AccountResult,
  Command,
  EndResult,
  ResultOf,
  StartResult,
  StateOf,
  UserState,
} from './commands.ts'
import { changeEmail, setDisabled, setPreferences } from './decisions/account.ts'
import { grantConsent, withdrawConsent } from './decisions/consents.ts'
import type { Decision } from './decisions/decision.ts'
import { deleteAccount } from './decisions/delete-account.ts'
import { endSessions } from './decisions/end-sessions.ts'
import { startSession } from './decisions/start-session.ts'

export type { Decision } from './decisions/decision.ts'

export function decide<C extends Command>(state: StateOf<C>, command: C, now: number): Decision<ResultOf<C>> {
  // With each command comes its own state: what a decision reads is in its signature.
  return decideAny(state as UserState, command, now) as Decision<ResultOf<C>>
}

function decideAny(
  state: UserState,
  command: Command,
  now: number,
): Decision<StartResult | EndResult | AccountResult> {
  switch (command.type) {
    case 'start_session':
      return startSession(state, command, now)
    case 'end_sessions':
      return endSessions(state, command, now)
    case 'set_preferences':
      return setPreferences(state, command, now)
    case 'set_disabled':
      return setDisabled(state, command, now)
    case 'grant_consent':
      return grantConsent(state, command, now)
    case 'withdraw_consent':
      return withdrawConsent(state, command, now)
    case 'change_email':
      return changeEmail(state, command, now)
    case 'delete_account':
      return deleteAccount(state, command, now)
  }
}
