import { fileURLToPath } from 'node:url';
import nunjucks from 'nunjucks';

const TEMPLATES = fileURLToPath(new URL('../../templates/', import.meta.url));

const environment = new nunjucks.Environment(new nunjucks.FileSystemLoader(TEMPLATES), {
  autoescape: false,
  throwOnUndefined: true,
  trimBlocks: true,
  lstripBlocks: true,
});

/**
 * A view whose missing keys throw. nunjucks' throwOnUndefined stays silent in `{% if %}`, `{% for %}` and filters;
 * absent must be `null`, never missing.
 */
export const strict = <T extends object>(view: T): T =>
  new Proxy(view, {
    get(target, key) {
      if (typeof key === 'string' && !(key in target) && key !== 'toJSON')
        throw new Error(`the view has no "${key}"`);
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'object' && value !== null ? strict(value) : value;
    },
  });

/** Renders `templates/NAME` with one root: the template reads `view.…`. Throws on any key the view has not. */
export const renderTemplate = (name: string, view: object): string =>
  environment.render(name, { view: strict(view) });
