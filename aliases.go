package tcbauth

import "context"

// GetCurrentUser is another of the js-sdk's names for [Auth.GetUserInfo].
func (a *Auth) GetCurrentUser(ctx context.Context) (*User, error) {
	return a.GetUserInfo(ctx, GetUserInfoRequest{})
}

// RefreshUser is another of the js-sdk's names for [Auth.GetUserInfo].
func (a *Auth) RefreshUser(ctx context.Context) (*User, error) {
	return a.GetUserInfo(ctx, GetUserInfoRequest{})
}

// GetUser is like [Auth.GetUserInfo], but returns [ErrNoSession] if there is only an access key.
func (a *Auth) GetUser(ctx context.Context) (*User, error) {
	if _, err := a.getCredentials(ctx, "GetUser"); err != nil {
		return nil, err
	}
	return a.GetUserInfo(ctx, GetUserInfoRequest{})
}

// CheckIfUserExist is another of the js-sdk's names for [Auth.IsUsernameRegistered].
func (a *Auth) CheckIfUserExist(ctx context.Context, req IsUsernameRegisteredRequest) (bool, error) {
	return a.IsUsernameRegistered(ctx, req)
}

// QueryUserProfile is another of the js-sdk's names for [Auth.QueryUser].
func (a *Auth) QueryUserProfile(ctx context.Context, req QueryUserRequest) (*QueryUserResponse, error) {
	return a.QueryUser(ctx, req)
}

// GetUserProfile is another of the js-sdk's names for [Auth.GetUserInfo].
func (a *Auth) GetUserProfile(ctx context.Context, req GetUserInfoRequest) (*User, error) {
	return a.GetUserInfo(ctx, req)
}

// UpdatePasswordByOld is another of the js-sdk's names for [Auth.ResetPasswordForOld].
func (a *Auth) UpdatePasswordByOld(ctx context.Context, req ResetPasswordForOldRequest) (*LoginState, error) {
	return a.ResetPasswordForOld(ctx, req)
}

// GetMiniProgramCode is another of the js-sdk's names for [Auth.GetMiniProgramQrCode].
func (a *Auth) GetMiniProgramCode(ctx context.Context, req GetMiniProgramQrCodeRequest) (*MiniProgramQrCode, error) {
	return a.GetMiniProgramQrCode(ctx, req)
}
