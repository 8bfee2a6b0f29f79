/**
 * Version of the program that runs: the bundler writes it in from package.json; a program run from compiled modules
 * is `0.0.0-dev`. Command line and daemon must agree on it, because an older daemon would silently ignore what a newer
 * command asks for.
 */
export const VERSION: string = process.env['TP_BUILD_VERSION'] ?? '0.0.0-dev';
