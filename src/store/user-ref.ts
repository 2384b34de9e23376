// Whom a row is asked of: a user by id, or whoever has the address of a sign-in, as far as that is in the same database.

export type UserRef = string | { readonly signInId: string }

/** For `coalesce(?1, (the user of the sign-in ?2))`: the second is looked up only where the first is not given. */
export const bindUser = (user: UserRef): [userId: string | null, signInId: string | null] =>
  typeof user === 'string' ? [user, null] : [null, user.signInId]
