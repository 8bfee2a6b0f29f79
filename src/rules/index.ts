export { compileRule, type Matcher } from './compile.ts';
export { PROGRAM_LIMIT, SEARCHED_LIMIT } from './pattern.ts';
export { comparePrecedence, covers, isPointless, type Contender } from './precedence.ts';
export { RequestView } from './request-view.ts';
