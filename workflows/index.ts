export { adopt } from './adopt';
export { environment } from './environment';
export { history } from './history';
export { look } from './look';
export { migration } from './migration';
export { plan } from './plan';
export { release } from './release';
