import { type ComponentType, lazy, type LazyExoticComponent, Suspense } from 'react';
import { Route, Switch, useLocation } from 'wouter';
import { Waiting } from '../parts/Waiting';
import { Boundary } from './Boundary';
import { ChangesProvider } from './changes';
import { Layout } from './Layout';
import { NotFound } from './NotFound';

// A view's folder default-exports one component without properties; it reads its address by wouter's
// useParams and app/address. Each is loaded when it is opened.
const ROUTES: readonly [string, LazyExoticComponent<ComponentType>][] = [
  ['/', lazy(() => import('../views/runs'))],
  ['/run/:folder/:runId', lazy(() => import('../views/run'))],
  ['/compare', lazy(() => import('../views/compare'))],
  ['/folder/:folder', lazy(() => import('../views/folder'))],
  ['/folder/:folder/topic/:topic', lazy(() => import('../views/topic'))],
  ['/folder/:folder/planets', lazy(() => import('../views/planets'))],
  ['/folder/:folder/planet/:planetId', lazy(() => import('../views/planet'))],
];

export function App() {
  const [path] = useLocation();
  return (
    <ChangesProvider>
      <Layout>
        <Boundary of={path}>
          <Suspense fallback={<Waiting />}>
            <Switch>
              {ROUTES.map(([address, View]) => (
                <Route key={address} path={address}>
                  <View key={path} />
                </Route>
              ))}
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
