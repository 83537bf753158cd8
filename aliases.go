package tcbauth

import "context"

// GetCurrentUser is [Auth.GetUserInfo] under another name of the js-sdk's.
func (a *Auth) GetCurrentUser(ctx context.Context) (*User, error) {
	return a.GetUserInfo(ctx, GetUserInfoRequest{})
}

// RefreshUser is [Auth.GetUserInfo] under another name of the js-sdk's.
func (a *Auth) RefreshUser(ctx context.Context) (*User, error) {
	return a.GetUserInfo(ctx, GetUserInfoRequest{})
}

// GetUser is like [Auth.GetUserInfo], but [ErrNoSession] if there is only an access key.
func (a *Auth) GetUser(ctx context.Context) (*User, error) {
	if _, err := a.getCredentials(ctx, "GetUser"); err != nil {
		return nil, err
	}
	return a.GetUserInfo(ctx, GetUserInfoRequest{})
}

// CheckIfUserExist is [Auth.IsUsernameRegistered] under another name of the js-sdk's.
func (a *Auth) CheckIfUserExist(ctx context.Context, req IsUsernameRegisteredRequest) (bool, error) {
	return a.IsUsernameRegistered(ctx, req)
}

// QueryUserProfile is [Auth.QueryUser] under another name of the js-sdk's.
func (a *Auth) QueryUserProfile(ctx context.Context, req QueryUserRequest) (*QueryUserResponse, error) {
	return a.QueryUser(ctx, req)
}

// GetUserProfile is [Auth.GetUserInfo] under another name of the js-sdk's.
func (a *Auth) GetUserProfile(ctx context.Context, req GetUserInfoRequest) (*User, error) {
	return a.GetUserInfo(ctx, req)
}

// UpdatePasswordByOld is [Auth.ResetPasswordForOld] under another name of the js-sdk's.
func (a *Auth) UpdatePasswordByOld(ctx context.Context, req ResetPasswordForOldRequest) (*LoginState, error) {
	return a.ResetPasswordForOld(ctx, req)
}

// GetMiniProgramCode is [Auth.GetMiniProgramQrCode] under another name of the js-sdk's.
func (a *Auth) GetMiniProgramCode(ctx context.Context, req GetMiniProgramQrCodeRequest) (*MiniProgramQrCode, error) {
	return a.GetMiniProgramQrCode(ctx, req)
}
