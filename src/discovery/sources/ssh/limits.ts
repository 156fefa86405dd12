/** How much a host may answer. Beyond these something is wrong with it, and nobody wants to keep what it says. */
export const largestText = 8 * 2 ** 20
export const longestReason = 200
/** What a login shell may print before the first frame. */
export const largestNoise = 64 * 2 ** 10
export const largestAnswer = 32 * 2 ** 20
/** A shorter text costs less than finding out whether it is the same, which takes two processes. */
export const worthRemembering = 16_384
/** Terms that are longer are not told. */
export const largestTerms = 32 * 2 ** 10
