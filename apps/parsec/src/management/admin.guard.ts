import { Injectable, NotFoundException, UnauthorizedException, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { ServiceHost } from '../service/service-host.js';
import { isAdmin } from './is-admin.js';

/** Lets administrators in. Without an admin token in the configuration there is no `/admin`. */
@Injectable()
export class AdminGuard implements CanActivate {
  constructor(private readonly host: ServiceHost) {}

  canActivate(context: ExecutionContext): true {
    const { admin } = this.host.service.configuration.settings;
    if (admin === undefined) throw new NotFoundException('/admin is off: no admin.token is configured');
    if (!isAdmin(context.switchToHttp().getRequest<Request>(), admin.token)) {
      throw new UnauthorizedException('/admin needs the admin token, over loopback');
    }
    return true;
  }
}
