import { type ComponentType, lazy, type LazyExoticComponent, Suspense } from 'react';
import { Route, Switch, useLocation } from 'wouter';
import { Waiting } from '../parts/Waiting';
import { Boundary } from './Boundary';
import { ChangesProvider } from './changes';
import { Layout } from './Layout';
import { NotFound } from './NotFound';

type View = LazyExoticComponent<ComponentType>;

// A view's folder default-exports one component without properties; it reads its address by wouter's
// useParams and app/address. Each is loaded when it is opened.
const found = import.meta.glob<{ default: ComponentType }>('../views/*/index.tsx');
const view = (name: string): View | undefined => {
  const load = found[`../views/${name}/index.tsx`];
  return load && lazy(load);
};

const ROUTES: readonly [string, View | undefined][] = [
  ['/', view('runs')],
  ['/run/:folder/:runId', view('run')],
  ['/compare', view('compare')],
  ['/folder/:folder', view('folder')],
  ['/folder/:folder/topic/:topic', view('topic')],
  ['/folder/:folder/planets', view('planets')],
  ['/folder/:folder/planet/:planetId', view('planet')],
];

export function App() {
  const [path] = useLocation();
  return (
    <ChangesProvider>
      <Layout>
        <Boundary of={path}>
          <Suspense fallback={<Waiting />}>
            <Switch>
              {ROUTES.map(([address, Shown]) =>
                Shown ? (
                  <Route key={address} path={address}>
                    <Shown key={path} />
                  </Route>
                ) : null,
              )}
              <Route>
                <NotFound />
              </Route>
            </Switch>
          </Suspense>
        </Boundary>
      </Layout>
    </ChangesProvider>
  );
}
