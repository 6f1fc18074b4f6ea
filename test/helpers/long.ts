/** With `SKIFF_TEST_LONG=1` what tries its luck does so more often, and what is about many has more of them. */
export const LONG = process.env['SKIFF_TEST_LONG'] === '1';
