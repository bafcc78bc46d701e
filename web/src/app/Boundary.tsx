import { Component, type ReactNode } from 'react';
import { Card } from './tremor';

interface Props {
  /** The boundary forgets a failure when this changes. */
  of: string;
  children: ReactNode;
}

/** A view that fails says so in its place; the rest of the page lives on. */
export class Boundary extends Component<Props, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override componentDidUpdate(before: Props) {
    if (before.of !== this.props.of && this.state.error) this.setState({ error: null });
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <Card role="alert">
        <h2>This view failed</h2>
        <p className="mt-1 text-soft">
          {error.message} The front end may be older than the server: load the page again.
        </p>
        <button type="button" className="control mt-3" onClick={() => location.reload()}>
          Load the page again
        </button>
      </Card>
    );
  }
}
