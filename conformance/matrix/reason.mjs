const LONGEST = 180

/** What is another one in every run, and what it is called in a reason. */
const CHANGING = [
  [/e[yw][\w-]{8,}(\.[\w-]*)*/g, 'TOKEN'],
  [/\bm\.[\w-]{16,}/g, 'TOKEN'],
  [/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT'],
  [/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/g, 'ID'],
  [/\b[0-9a-f]{32}\b/g, 'ID'],
  [/\b(?!100000000000000000\d)\d{19}\b/g, 'ID'],
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME'],
  [/\b1[6-9]\d{11}\b/g, 'TIME'],
  [/\b\d+\.\d{2,}\b/g, 'NUMBER'],
  [/"function.*/g, 'a function'],
  [/`/g, "'"],
  [/\|/g, '/'],
]

/**
 * @param {string} error what a flow has failed with
 * @returns {string} its first line, without what changes from run to run
 */
export function reason(error) {
  let text = error.split('\n', 1)[0].trim()
  for (const [pattern, name] of CHANGING) text = text.replace(pattern, name)
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text
}
