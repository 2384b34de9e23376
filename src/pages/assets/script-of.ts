// A script of a page is written as a function and served as its text: so the bundler makes it small, and the linter reads it.
// A module is strict without saying so, a script is not.

export const scriptOf = (run: () => void): string => `'use strict';(${run})()\n`
