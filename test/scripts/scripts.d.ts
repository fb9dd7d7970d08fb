// The set-up scripts are plain JavaScript, since they run before TypeScript can; their tests take them untyped.
declare module '*.mjs';
