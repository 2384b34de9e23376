// A user's own tightening of the clients' rules.

/** When the user is written to because somebody has signed in. */
export const NEW_SIGN_IN_NOTICES = ['always', 'new_device', 'never'] as const

export interface Preferences {
  readonly one_session_per_client: boolean
  readonly one_device: boolean
  readonly notify: { readonly new_sign_in: (typeof NEW_SIGN_IN_NOTICES)[number] }
}

export const DEFAULT_PREFERENCES: Preferences = {
  one_session_per_client: false,
  one_device: false,
  notify: { new_sign_in: 'new_device' },
}

/** What is left out stays as it is. */
export type PreferencesChange = { readonly [Name in keyof Preferences]?: Preferences[Name] | undefined }

export const changedPreferences = (current: Preferences, change: PreferencesChange): Preferences => ({
  one_session_per_client: change.one_session_per_client ?? current.one_session_per_client,
  one_device: change.one_device ?? current.one_device,
  notify: change.notify ?? current.notify,
})

export const samePreferences = (a: Preferences, b: Preferences): boolean =>
  a.one_session_per_client === b.one_session_per_client &&
  a.one_device === b.one_device &&
  a.notify.new_sign_in === b.notify.new_sign_in
