// The versions whose vectors are committed.

import { installed as all } from '../lib/versions.mjs'

export { withVersion } from '../lib/versions.mjs'

/** The files of the vectors, in the order of the installed versions: one of each generation. */
const FILES = ['vectors.json', 'vectors-3.json']

/** The versions that package-lock.json names, the oldest first, each with the `file` of its vectors. */
export const generations = () => all().map((sdk, i) => ({ ...sdk, file: FILES[i] }))

/** The version that this repository follows. */
export const installed = () => generations()[0]

const major = (version) => version.split('.')[0]

/** The file of the vectors of a version's generation, or of the first one where there is none. */
export const vectorsOf = (version) =>
  (generations().find((sdk) => major(sdk.version) === major(version)) ?? installed()).file
