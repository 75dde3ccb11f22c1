; Wraps the program folder for Windows users; installer/windows/build.ps1 calls it. Not run on Windows yet.
; Per user and without administrator rights unless /ALLUSERS is given. Library and settings are not touched.
#ifndef Version
  #error Version, Program, Output and Name come from build.ps1
#endif

[Setup]
AppId={{6B0B2B0E-6C57-4E0C-9C53-2E5B0A6F9A11}
AppName=Her2Desk
AppVersion={#Version}
AppPublisher=Her2Desk developers
DefaultDirName={autopf}\Her2Desk
DefaultGroupName=Her2Desk
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=commandline
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
Compression=lzma2/ultra64
SolidCompression=yes
LZMAUseSeparateProcess=yes
OutputDir={#Output}
OutputBaseFilename={#Name}
SetupIconFile={#Program}\her2desk.ico
UninstallDisplayIcon={app}\her2desk-window.exe
LicenseFile={#Program}\LICENSE
WizardStyle=modern
CloseApplications=yes
RestartApplications=no
TimeStampsInUTC=yes
TouchDate={#TouchDate}
TouchTime=00:00

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"

[InstallDelete]
; a file of the version before that this one does not have must not stay
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "{#Program}\*"; DestDir: "{app}"; Flags: recursesubdirs createallsubdirs ignoreversion

[Icons]
Name: "{autoprograms}\Her2Desk"; Filename: "{app}\her2desk-window.exe"
Name: "{autodesktop}\Her2Desk"; Filename: "{app}\her2desk-window.exe"; Tasks: desktop

[Tasks]
Name: desktop; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked

[Run]
Filename: "{app}\her2desk-window.exe"; Description: "{cm:LaunchProgram,Her2Desk}"; Flags: nowait postinstall skipifsilent

[UninstallDelete]
Type: filesandordirs; Name: "{localappdata}\Her2Desk\Cache"

[Code]
var
  Library: String;

{ The program itself is asked where the library lies, while it is still there. }
function InitializeUninstall(): Boolean;
var
  Lines: TExecOutput;
  Code: Integer;
begin
  Result := True;
  Library := ExpandConstant('{localappdata}\Her2Desk');
  try
    if ExecAndCaptureOutput(ExpandConstant('{app}\her2desk.exe'), 'library where', '', SW_HIDE,
        ewWaitUntilTerminated, Code, Lines) and (Code = 0) and (GetArrayLength(Lines.StdOut) > 0) then
      Library := Lines.StdOut[0];
  except
    Log('The program could not be asked where the library lies.');
  end;
end;

procedure CurUninstallStepChanged(Step: TUninstallStep);
begin
  if (Step = usPostUninstall) and DirExists(Library) and not UninstallSilent() then
    MsgBox('The library with its cases and images stays in ' + Library + '.', mbInformation, MB_OK);
end;
